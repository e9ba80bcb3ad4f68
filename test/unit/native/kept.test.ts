import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { Pidfd } from '../../../src/native/pidfd.js';
import { KEPT } from '../../../src/plan/kept.js';
import type { Step } from '../../../src/plan/steps.js';
import { CLONE } from '../../../src/util/linux.js';
import { type RunOptions, type Started, run, shell, start } from './launch-helper.js';

const STAY: Step = { op: 'stay-as-init', guard: undefined };
const flags = CLONE.CLONE_NEWPID;
const { SIGKILL } = constants.signals;

const MASTER: Step = { op: 'open-master', root: undefined, master: 'master' };
const KEEP_MASTER: Step = { op: 'keep-descriptor', descriptor: 'master', number: KEPT.terminal.number };
const ON_TERMINAL: readonly Step[] = [
  { op: 'new-session' },
  {
    op: 'open-terminal',
    master: 'master',
    root: undefined,
    columns: 80,
    rows: 24,
    uid: process.geteuid?.() ?? 0,
    console: '',
    terminal: 'terminal',
  },
  { op: 'set-standard-streams', stdin: 'terminal', stdout: 'terminal', stderr: 'terminal' },
];

/** Starts a command whose terminal its init keeps; the first outcome brings a copy of the master. */
async function onKeptTerminal(
  script: string,
  options: RunOptions = { flags },
  more: readonly Step[] = [],
): Promise<{ started: Started; master: number }> {
  const started = await start([...more, MASTER, KEEP_MASTER, STAY, ...ON_TERMINAL, shell(script)], options);
  if (started.outcome.kind !== 'terminal') throw new Error(JSON.stringify(started.outcome));
  return { started, master: started.outcome.fd };
}

function readAll(master: number): string {
  const bytes = Buffer.alloc(64 * 1024);
  addon.setNonblocking({ fd: master });
  const length = addon.readTerminal({ fd: master, bytes }) ?? 0;
  return bytes.toString('utf8', 0, length);
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    if (tries > 1000) throw new Error('it did not happen');
    await delay(5);
  }
}

describe('keep-descriptor', () => {
  test('has the init hold it under its number, and nobody else', async () => {
    const [read, write] = addon.pipe();
    const keep: Step = { op: 'keep-descriptor', descriptor: 'input', number: KEPT.input.number };
    const streams: Step = { op: 'set-standard-streams', stdin: 'read', stdout: undefined, stderr: undefined };
    const started = await start([streams, keep, STAY, shell('cat')], { flags, fds: { read, input: write } });
    const list = (): readonly string[] => readdirSync(`/proc/${String(started.pid)}/fd`);
    await until(() => list().length === 1);
    expect(list()).toEqual(['3']);
    for (const fd of [read, write]) closeSync(fd);
    await delay(50);
    expect(started.process.poll()).toBeUndefined();
    const taken = started.process.takeFd(KEPT.input.number);
    writeSync(taken.number, 'still there\n');
    taken.close();
    started.process.signal(SIGKILL);
    await started.finish();
  });

  test.each([
    ['a number that has no meaning', { op: 'keep-descriptor', descriptor: 'report', number: 1 }, 'EINVAL'],
    ['nothing', { op: 'keep-descriptor', descriptor: undefined, number: 2 }, 'EBADF'],
  ] as const)('refuses %s', async (_name, step, errno) => {
    const { outcome } = await run([step, shell('true')]);
    expect(outcome).toEqual({ kind: 'failed', step: 0, errno: constants.errno[errno] });
  });
});

describe('output that the init keeps', () => {
  /** A pipe, and a file that what is left in it goes into; the shell writes into the pipe. */
  function openOutput(): { fds: Record<string, number>; steps: readonly Step[]; spool: string; close: () => void } {
    const directory = mkdtempSync(join(tmpdir(), 'corral-kept-'));
    const spool = join(directory, 'spool');
    writeFileSync(spool, 'before\n');
    const [output, write] = addon.pipe();
    const fds = { output, write, 'output-spool': openSync(spool, 'r+') };
    const steps: readonly Step[] = [
      { op: 'set-standard-streams', stdin: undefined, stdout: 'write', stderr: undefined },
      { op: 'keep-descriptor', descriptor: 'output', number: KEPT.output.number },
      { op: 'keep-descriptor', descriptor: 'output-spool', number: KEPT.outputSpool.number },
      STAY,
    ];
    const close = (): void => {
      for (const fd of Object.values(fds)) closeSync(fd);
      rmSync(directory, { recursive: true });
    };
    return { fds, steps, spool, close };
  }

  test('is at the end of the file when the command has ended', async () => {
    const { fds, steps, spool, close } = openOutput();
    const started = await start([...steps, shell('echo one; echo two; exit 3')], { flags, fds });
    expect((await started.finish()).result.exitCode).toBe(3);
    expect(readFileSync(spool, 'utf8')).toBe('before\none\ntwo\n');
    close();
  });

  test('takes those along that the command has left behind, with full pipes', async () => {
    const { fds, steps, spool, close } = openOutput();
    const started = await start([...steps, shell('yes & sleep 0.2; exit 4')], { flags, fds });
    expect((await started.finish()).result.exitCode).toBe(4);
    expect(readFileSync(spool, 'utf8')).toBe(`before\n${'y\n'.repeat(32 * 1024)}`);
    close();
  });

  test('waits for the lock of the file', async () => {
    const { fds, steps, spool, close } = openOutput();
    const other = openSync(spool, 'r+');
    expect(addon.flock({ fd: other, operation: 'exclusive' })).toBe(true);
    const started = await start([...steps, shell('echo one; exit 5')], { flags, fds });
    await until(() => started.report().phase === 'exited');
    await delay(100);
    expect(readFileSync(spool, 'utf8')).toBe('before\n');
    expect(started.process.poll()).toBeUndefined();
    closeSync(other);
    expect((await started.finish()).result.exitCode).toBe(5);
    expect(readFileSync(spool, 'utf8')).toBe('before\none\n');
    close();
  });

  test('without room ends an init that is to kill its children when it is told to', async () => {
    const { fds, steps, close } = openOutput();
    // A file that cannot be written.
    const spool = openSync('/dev/full', 'r+');
    const keep: Step = { op: 'keep-children', always: 1 };
    const started = await start([keep, ...steps, shell('echo one; exit 6')], {
      fds: { ...fds, 'output-spool': spool },
    });
    await until(() => started.report().phase === 'exited');
    await delay(100);
    expect(started.process.poll()).toBeUndefined();
    started.process.signal(63);
    expect((await started.finish()).result.exitCode).toBe(6);
    closeSync(spool);
    close();
  });
});

describe('a terminal that the init keeps', () => {
  test('is the one of the command, and keeps the init until all of it was read', async () => {
    const { started, master } = await onKeptTerminal('tty; echo last words; exit 4');
    await until(() => started.report().phase === 'exited');
    expect(started.report().waitStatus).toBe(4 << 8);
    await delay(100);
    expect(started.process.poll()).toBeUndefined();
    expect(readAll(master)).toMatch(/^\/dev\/pts\/\d+\r\nlast words\r\n$/);
    expect((await started.finish()).result).toEqual({ exitCode: 4, signal: null });
    closeSync(master);
  });

  test('outlives all others who had it', async () => {
    const { started, master } = await onKeptTerminal('trap "echo hung up; exit 9" HUP; read line; echo "got $line"');
    closeSync(master);
    await delay(50);
    const taken = started.process.takeFd(KEPT.terminal.number);
    writeSync(taken.number, 'this\n');
    await until(() => started.report().phase === 'exited');
    expect(started.report().waitStatus).toBe(0);
    expect(readAll(taken.number)).toContain('got this\r\n');
    taken.close();
    await started.finish();
  });

  test('of which nothing is unread does not keep it', async () => {
    const { started, master } = await onKeptTerminal('exit 3');
    expect((await started.finish()).result.exitCode).toBe(3);
    closeSync(master);
  });

  test('takes those along that the command has left behind, and could show more', async () => {
    const { started, master } = await onKeptTerminal('(trap "" HUP; while :; do echo more; done) & sleep 0.05; exit 5');
    await until(() => started.report().phase === 'exited');
    for (let reads = 0; readAll(master) !== '' && reads < 1000; reads++);
    expect((await started.finish()).result.exitCode).toBe(5);
    closeSync(master);
  });

  test('keeps an init that is to kill its children no longer than it is told to', async () => {
    const keep: Step = { op: 'keep-children', always: 1 };
    const { started, master } = await onKeptTerminal('echo unread; exit 6', {}, [keep]);
    await until(() => started.report().phase === 'exited');
    started.process.signal(63);
    expect((await started.finish()).result.exitCode).toBe(6);
    closeSync(master);
  });
});

test('takeFd() of a descriptor that is not there is an error', () => {
  using own = Pidfd.open(process.pid);
  const fd = openSync('/dev/null', 'r');
  const copy = own.takeFd(fd);
  expect(copy.number).not.toBe(fd);
  copy.close();
  closeSync(fd);
  expect(() => own.takeFd(fd)).toThrow(/^take descriptor \d+ of the process over: EBADF/);
  expect(own.hasEnded).toBe(false);
});
