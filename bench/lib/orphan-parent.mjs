// A parent that starts one escapee and ends it in a given way: node orphan-parent.mjs WAY ESCAPEE HOW MARKER
//
// It writes `started` once the escapee is up, aborts on a line on standard input, writes `aborted`, and lives on until that
// is closed. Whoever wants to see what happens when it dies kills it instead.
import { spawn as spawnChild } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import treeKill from 'tree-kill';
import { spawn } from 'corral';

const BWRAP = ['--unshare-all', '--die-with-parent', '--dev-bind', '/', '/', '--proc', '/proc', '--'];
const DIRECTORY = process.env['CORRAL_BENCH_DIRECTORY'];
const stdio = ['ignore', 'pipe', 'ignore'];

const controller = new AbortController();
const { signal } = controller;
const stateDir = process.env['CORRAL_STATE_DIR'];
const common = { stateDir, signal, stdin: 'ignore', stderr: 'ignore' };

/** Each starts the command and returns its standard output; the abort must end it. The strongest signal is used throughout. */
const WAYS = {
  child_process: (file, args) => ended(spawnChild(file, args, { stdio, signal, killSignal: 'SIGKILL' })),
  'tree-kill': (file, args) => {
    const child = spawnChild(file, args, { stdio });
    signal.addEventListener('abort', () => treeKill(child.pid, 'SIGKILL'));
    return child;
  },
  execa: (file, args) => {
    const options = { cancelSignal: signal, killSignal: 'SIGKILL', reject: false, buffer: false };
    const { stdout } = execa(file, args, { stdio, ...options });
    return { stdout }; // what execa returns is a promise of its end, too
  },
  'bwrap --die-with-parent': (file, args) =>
    ended(spawnChild('bwrap', [...BWRAP, file, ...args], { stdio, signal, killSignal: 'SIGKILL' })),
  // The container's /tmp is its own: the program has to be shown.
  corral: (file, args) => spawn([file, ...args], { ...common, volumes: [`${DIRECTORY}:${DIRECTORY}:ro`] }),
  "corral, isolation 'cgroup'": (file, args) => spawn([file, ...args], { ...common, isolation: 'cgroup' }),
};

// Standard output is all that the bench reads.
process.on('uncaughtException', (error) => console.log(error.stack));

const [way, file, ...args] = process.argv.slice(2);
const { stdout } = await WAYS[way](file, args);
await once(stdout, 'data');
console.log('started');
createInterface({ input: process.stdin }).on('line', () => {
  controller.abort();
  console.log('aborted');
});

// An abort is an error event, and without a listener the end of this process.
function ended(child) {
  return child.on('error', () => undefined);
}
