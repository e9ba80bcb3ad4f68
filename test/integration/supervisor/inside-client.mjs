// Runs in containers, as a caller of the supervisor's socket: argv is the socket and the body of a script, which has `connect`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import process from 'node:process';

const [socketPath, body] = process.argv.slice(2);

/** Connects, and returns a function that has the server call a method: it answers what that returned, or its error's code. */
async function connect() {
  const socket = createConnection(socketPath);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const call = async (method, ...args) => {
    socket.write(`${JSON.stringify({ method, args })}\n`);
    const { value } = await lines.next();
    return JSON.parse(value ?? '{"error":{"code":"CLOSED"}}');
  };
  return Object.assign(call, { socket, close: () => socket.destroy() });
}

const own = () => readFileSync('/proc/self/cgroup', 'utf8').match(/^0::(.*)$/m)[1];
const sh = (script) =>
  execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

const AsyncFunction = (async () => undefined).constructor;
const run = new AsyncFunction('connect', 'own', 'sh', 'process', 'writeFileSync', body);
const result = await run(connect, own, sh, process, writeFileSync);
process.stdout.write(`${JSON.stringify(result ?? null)}\n`);
process.exit();
