import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { readCgroupFacts } from '../../src/cgroup/facts.js';
import { makeReadableCopy } from './readable-copy.js';
import { requires } from './requires.js';
import { TIME_SCALE } from './scale.js';

/** The user's id. */
export const UID = 54_321;

/** What cgroup-v2.rst wants to be the user's own for a delegation, and nothing else. */
const DELEGATED = ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];

/** How a command of the user's has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user without privileges, in a cgroup that was delegated to it. */
export interface DelegatedUser {
  /** Runs a command; NODE and MAIN in its environment are corral's. */
  readonly run: (...command: readonly string[]) => Ended;
  /** Runs corral. */
  readonly corral: (...words: readonly string[]) => Ended;
}

/** Makes one for each test of a file. What the user leaves behind fails the test. */
export function makeDelegatedUser(): DelegatedUser {
  let delegated: string;
  let runtime: string;
  let copy: string;

  beforeAll(() => {
    copy = makeReadableCopy();
  });

  afterAll(() => {
    rmSync(copy, { recursive: true });
  });

  beforeEach((context) => {
    requires(context, { root: true, cgroup2: true, programs: ['setpriv'] });
    const base = readCgroupFacts().v2Base?.path ?? '';
    delegated = join(base, `corral-test-${randomBytes(4).toString('hex')}`);
    mkdirSync(delegated);
    for (const file of DELEGATED) chownSync(join(delegated, file), UID, UID);
    runtime = mkdtempSync(join(tmpdir(), 'corral-test-user-'));
    chownSync(runtime, UID, UID);
  });

  afterEach(() => {
    // What corral has moved aside to make room: it was here before, and went with the shell.
    for (const child of ['supervisor']) if (existsSync(join(delegated, child))) rmdirSync(join(delegated, child));
    expect(readdirSync(delegated, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
    rmdirSync(delegated);
    expect(existsSync(join(runtime, 'corral')) ? readdirSync(join(runtime, 'corral')) : []).toEqual([]);
    rmSync(runtime, { recursive: true });
  });

  const run = (...command: readonly string[]): Ended => {
    const user = ['setpriv', '--reuid', String(UID), '--regid', String(UID), '--clear-groups', '--inh-caps=-all'];
    const script = 'echo $$ > "$0/cgroup.procs" && cd / && exec "$@"';
    const argv = ['-c', script, delegated, ...user, ...command];
    const main = join(copy, 'dist/cli/corral.cjs');
    const env = { PATH: process.env['PATH'], XDG_RUNTIME_DIR: runtime, NODE: process.execPath, MAIN: main };
    const { status, stdout, stderr } = spawnSync('sh', argv, { env, encoding: 'utf8', timeout: 60_000 * TIME_SCALE });
    return { code: status, stdout, stderr };
  };

  const corral = (...words: readonly string[]): Ended =>
    run(process.execPath, join(copy, 'dist/cli/corral.cjs'), ...words);
  return { run, corral };
}
