import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeEach } from 'vitest';
import { apiDirectory } from '../../../src/container/store.js';
import { API_SOCKET } from '../../../src/spec/api.js';
import { fieldOf } from '../../../src/util/proc-fields.js';
import type { Lab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { MAIN } from '../cli/cli-lab.js';

/** A supervisor in a process of its own, which can be killed. */
export interface DaemonLab {
  readonly socket: string;
  readonly pid: () => number;
  /** Starts it. @returns once it serves */
  readonly begin: () => Promise<void>;
  /** Kills it with SIGKILL. */
  readonly end: () => Promise<void>;
  /** Asks it from outside, with curl. @param as - words before curl @returns the status, and what was answered */
  readonly curl: (words: readonly string[], as?: readonly string[]) => Promise<{ status: number; body: string }>;
  readonly descriptors: () => number;
  readonly memoryBytes: () => number;
}

/** @param descriptors - how many it may have */
export function makeDaemonLab(lab: Lab, descriptors = 4096): DaemonLab {
  const socket = `${apiDirectory(lab.stateDir)}/${API_SOCKET}`;
  let supervisor: ChildProcess;
  const isUp = async (): Promise<boolean> => {
    const connection = createConnection(socket);
    const up = await new Promise<boolean>((resolve) =>
      connection.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    connection.destroy();
    return up;
  };
  const begin = async (): Promise<void> => {
    const words = [process.execPath, MAIN, '--state-dir', lab.stateDir, 'supervise'];
    supervisor = spawn('prlimit', [`--nofile=${String(descriptors)}`, ...words], { stdio: 'ignore' });
    for (let up = false; !up; up = await isUp());
  };
  const isOver = (): boolean => supervisor.exitCode !== null || supervisor.signalCode !== null;
  const end = async (): Promise<void> => {
    if (isOver()) return;
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
  };
  const curl: DaemonLab['curl'] = async (words, as = []) => {
    const all = [...as, 'curl', '-s', '--unix-socket', socket, '-w', '\n%{http_code}', ...words];
    const { stdout } = await promisify(execFile)('env', all);
    const [body = '', status] = stdout.split(/\n(\d+)$/);
    return { status: Number(status), body };
  };
  beforeEach(async (context) => {
    requires(context, { root: true, programs: ['curl', 'setpriv', 'prlimit', 'python3'] });
    // Other users reach the socket.
    chmodSync(lab.stateDir, 0o711);
    await begin();
  });
  afterEach(async () => {
    // Of a test that has failed.
    if (isOver()) await begin();
    const { body } = await curl(['http://corral/v1/containers']);
    for (const [, id = ''] of body.matchAll(/"id":"([^"]*)"/g))
      await curl(['-X', 'DELETE', `http://corral/v1/containers/${id}?force`]);
    await end();
    rmSync(apiDirectory(lab.stateDir), { recursive: true });
    rmSync(`${lab.stateDir}/supervisor.lock`);
    rmSync(`${lab.stateDir}/data/.lock`);
    // Fails where a record is left.
    rmdirSync(`${lab.stateDir}/data`);
  });
  const pid = (): number => supervisor.pid ?? 0;
  return {
    socket,
    pid,
    begin,
    end,
    curl,
    descriptors: () => readdirSync(`/proc/${String(pid())}/fd`).length,
    memoryBytes: () =>
      Number.parseInt(fieldOf(readFileSync(`/proc/${String(pid())}/status`, 'utf8'), 'VmRSS') ?? '', 10) * 1024,
  };
}
