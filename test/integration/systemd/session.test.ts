import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requires } from '../../helpers/requires.js';
import { makeReadableCopy } from '../../helpers/readable-copy.js';
import { TIME_SCALE } from '../../helpers/scale.js';

/** A user of the lab’s guests, who has no session, and whose data may go. */
const USER = 'tester';
const UID = 1000;
const PATIENCE = { timeout: 20_000 * TIME_SCALE, interval: 200 };

let copy: string;
beforeEach((context) => {
  requires(context, { root: true, systemd: true, programs: ['loginctl', 'runuser'] });
  if (!isLabUser()) context.skip('needs the user of the lab’s guests');
  copy = makeReadableCopy();
});
afterEach(async () => {
  login('corral rm --force --all || true');
  const supervisor = readSupervisor();
  process.kill(supervisor, 'SIGTERM');
  await expect.poll(() => runs(supervisor), PATIENCE).toBe(false);
  loginctl('enable-linger', USER);
  rmSync(copy, { recursive: true });
  rmSync(`/home/${USER}/.local`, { recursive: true, force: true });
});

function isLabUser(): boolean {
  return readFileSync('/etc/passwd', 'utf8').includes(`\n${USER}:x:${String(UID)}:`) && existsSync('/run/lab/config');
}

function loginctl(...words: readonly string[]): string {
  return execFileSync('loginctl', words, { encoding: 'utf8' });
}

/** Logs in, runs a script, and logs out. @returns what it has printed */
function login(script: string): string {
  // From a service: who is in a session already gets no other.
  const corral = `corral() { '${process.execPath}' '${copy}/dist/cli/corral.cjs' "$@"; }`;
  const words = ['--quiet', '--pipe', '--wait', '--collect', 'runuser', '--login', USER, '--command'];
  return execFileSync('systemd-run', [...words, `${corral}; ${script}`], { encoding: 'utf8' }).trim();
}

const readSupervisor = (): number => Number(readFileSync(`/run/user/${String(UID)}/corral/supervisor.lock`, 'utf8'));
const cgroupOf = (pid: number): string => readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8');
const sessionOf = (pid: number): string => /session-(\w+)\.scope/.exec(cgroupOf(pid))?.[1] ?? '';
const runs = (pid: number): boolean => existsSync(`/proc/${String(pid)}`);

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly lastEnd?: { readonly signal?: string; readonly error?: string };
}

const list = (): readonly Listed[] => JSON.parse(login('corral ps --all --json')) as readonly Listed[];

describe('with systemd', () => {
  test('what a user has started stays after the log-out, and so does its supervisor', async () => {
    const said = login('corral run -d --name web --pids 32 -- sleep 1000; cat /proc/self/cgroup');
    expect(said).toMatch(/session-\w+\.scope$/);
    const supervisor = readSupervisor();
    const pid = Number(login(`corral inspect web --field pid`));
    expect(cgroupOf(pid)).toContain(`user@${String(UID)}.service/corral.slice/corral-web.scope/`);
    // logind waits for the session's processes, KillUserProcesses=no, and calls it closing.
    expect(sessionOf(supervisor)).not.toBe('');
    expect(loginctl('show-session', sessionOf(supervisor), '--property=State').trim()).toBe('State=closing');

    // Somebody ends that session with all that is in it.
    loginctl('kill-session', sessionOf(supervisor), '--signal=KILL');
    await expect.poll(() => runs(supervisor), PATIENCE).toBe(false);
    expect(runs(pid)).toBe(true);
    expect(login('corral inspect web --field pid')).toBe(String(pid));
  });

  test('without lingering, the end of the user’s systemd ends all, which is known at the next log-in', async () => {
    loginctl('disable-linger', USER);
    login(
      'corral run -d --name once --pids 32 -- sleep 1000; corral run -d --name always --restart always --pids 32 -- sleep 1000',
    );
    const supervisor = readSupervisor();
    const pid = Number(login('corral inspect once --field pid'));
    // Its supervisor is of the session: as long as that is there, so is the user's systemd.
    expect(runs(pid)).toBe(true);
    // What is left of a session that is over, KillUserProcesses=no, is left alone even now.
    loginctl('terminate-user', USER);
    await expect.poll(() => runs(pid), PATIENCE).toBe(false);
    expect(runs(supervisor)).toBe(true);
    // There is no place for a container, until somebody logs in and has a systemd again.
    await expect.poll(list, PATIENCE).toMatchObject([
      { id: 'always', status: 'running' },
      { id: 'once', status: 'exited', lastEnd: { signal: 'SIGTERM' } },
    ]);
  });

  test('from inside a container, others are started below it, although the supervisor is in another part of the tree', () => {
    login('corral run -d --name web --api --pids 32 -- sleep 1000');
    const script = 'curl -s --unix-socket $CORRAL_API http://corral/v1/containers --json "$0"';
    const body = JSON.stringify({ name: 'job', command: ['sleep', '1000'] });
    const said = JSON.parse(login(`corral exec web sh -c '${script}' '${body}'`)) as Listed;
    expect(said).toMatchObject({ id: 'job', status: 'running' });
    const job = list().find(({ id }) => id !== 'web');
    expect(job).toMatchObject({ status: 'running' });
    const pid = Number(login(`corral inspect ${job?.id ?? ''} --field pid`));
    expect(cgroupOf(pid)).toMatch(/corral-web\.scope\/container\/payload\/container-job\/payload$/m);
  });
});
