import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findByArgument } from '../../helpers/leaks.js';
import { makeReadableCopy } from '../../helpers/readable-copy.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

/** A user without privileges, and all that is that user's. */
interface User {
  readonly uid: number;
  readonly home: string;
  /** Everybody may look into it, as into one below /run/user nobody may. */
  readonly stateDir: string;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let copy: string;
let users: readonly User[];
beforeAll(() => {
  copy = makeReadableCopy();
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});
beforeEach((context) => {
  requires(context, { root: true, programs: ['setpriv'] });
  users = [54_321, 54_322].map(makeUser);
});
afterEach(() => {
  for (const user of users) {
    corral(user, 'rm', '--all', '--force');
    for (const pid of supervisorsOf(user)) process.kill(pid, 'SIGKILL');
    rmSync(user.home, { recursive: true });
  }
});

function makeUser(uid: number): User {
  const home = mkdtempSync(join(tmpdir(), 'corral-test-user-'));
  const stateDir = join(home, 'state');
  mkdirSync(stateDir);
  for (const path of [home, stateDir]) {
    chownSync(path, uid, uid);
    chmodSync(path, 0o755);
  }
  return { uid, home, stateDir };
}

/** Runs corral as a user, for that user's own containers unless others are named. */
function corral({ uid, home, stateDir }: User, ...words: readonly string[]): Ended {
  const id = String(uid);
  const as = uid === 0 ? [] : ['setpriv', '--reuid', id, '--regid', id, '--clear-groups', '--inh-caps=-all'];
  const [program = '', ...args] = [...as, process.execPath, join(copy, 'dist/cli/corral.cjs'), ...words];
  const env = { PATH: process.env['PATH'], HOME: home, CORRAL_STATE_DIR: stateDir };
  const options = { env, cwd: '/', encoding: 'utf8', timeout: 60_000 * TIME_SCALE } as const;
  const { status, stdout, stderr } = spawnSync(program, args, options);
  return { code: status, stdout: stdout.trim(), stderr };
}

const supervisorsOf = ({ stateDir }: User): readonly number[] =>
  findByArgument(stateDir).filter((pid) => readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('supervise'));

/** Waits for a line in a log. */
async function untilLog(user: User, name: string, line: string): Promise<void> {
  const patience = { timeout: 20_000 * TIME_SCALE, interval: 200 };
  await expect.poll(() => corral(user, 'logs', name).stdout.split('\n'), patience).toContain(line);
}

/** The one that is not given: both call theirs so. */
const START = ['run', '--quiet', '-d', '--name', 'web', '--restart', 'always', '--'];

describe('two users, each with a supervisor', () => {
  it('do not meet, and cannot', async () => {
    const [one, other] = users as [User, User];
    for (const user of [one, other]) {
      const { code, stderr } = corral(user, ...START, 'sh', '-c', `echo I am ${String(user.uid)}; exec sleep 1000`);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      await untilLog(user, 'web', `I am ${String(user.uid)}`);
      expect(corral(user, 'ps', '--all', '--quiet').stdout).toBe('web');
      expect(supervisorsOf(user)).toHaveLength(1);
    }
    // Past every permission of directories: the socket itself lets everybody connect.
    const foreign = { ...other, stateDir: one.stateDir };
    for (const words of [
      ['stop', 'web'],
      ['logs', 'web'],
      ['exec', 'web', 'id'],
      ['rm', '--force', 'web'],
    ]) {
      const { code, stdout, stderr } = corral(foreign, ...words);
      expect(stdout, words.join(' ')).toBe('');
      expect(stderr, words.join(' ')).toMatch(/E(PERM|ACCES)/);
      expect(code, words.join(' ')).not.toBe(0);
    }
    expect(corral(foreign, ...START, 'true')).toMatchObject({ stdout: '', code: 125 });
    expect(corral(one, 'inspect', '--field', 'status', 'web').stdout).toBe('running');
    // Root may.
    const root = { ...one, uid: 0 };
    expect(corral(root, 'ps', '--all', '--quiet').stdout).toBe('web');
    expect(corral(root, 'stop', '--timeout', '0', 'web').code).toBe(0);
    expect(corral(one, 'inspect', '--field', 'status', 'web').stdout).toBe('exited');
    expect(corral(other, 'inspect', '--field', 'status', 'web').stdout).toBe('running');
  });

  it('lose nothing where one dies', async () => {
    const [one, other] = users as [User, User];
    for (const user of [one, other]) expect(corral(user, ...START, 'sleep', '1000')).toMatchObject({ code: 0 });
    const pids = (): readonly string[] => users.map((user) => corral(user, 'inspect', '--field', 'pid', 'web').stdout);
    const before = pids();
    const [gone = 0] = supervisorsOf(one);
    const [stays] = supervisorsOf(other);
    process.kill(gone, 'SIGKILL');
    await expect.poll(() => supervisorsOf(one)).not.toContain(gone);
    expect(pids()).toEqual(before);
    expect(supervisorsOf(other)).toEqual([stays]);
    expect(supervisorsOf(one)).toHaveLength(1);
  });
});
