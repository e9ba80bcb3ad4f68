import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { untilReady } from '../../../src/native/fd-watch.js';
import type { Step } from '../../../src/plan/steps.js';
import { CLONE } from '../../../src/util/linux.js';
import { findByArgument } from '../../helpers/leaks.js';
import { makeMarker } from '../../helpers/orphans.js';
import { run, shell, start } from './launch-helper.js';

const { SIGTERM, SIGKILL, SIGUSR1 } = constants.signals;
const STAY: Step = { op: 'stay-as-init', guard: undefined };
const flags = CLONE.CLONE_NEWPID;

/** Waits until something that another process does has happened. */
async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    if (tries > 1000) throw new Error('it did not happen');
    await delay(5);
  }
}

describe('stay-as-init', () => {
  test('passes the exit code on and notes it in the page', async () => {
    const { outcome, result, report } = await run([STAY, shell('exit 7')], { flags });
    expect(outcome.kind).toBe('started');
    expect(result).toEqual({ exitCode: 7, signal: null });
    expect(report).toMatchObject({ phase: 'exited', waitStatus: 7 << 8 });
    const ago = BigInt(Date.now()) * 1_000_000n - report.exitedAt!;
    expect(ago > -1_000_000_000n && ago < 60_000_000_000n).toBe(true);
  });

  test('a signal that kills the workload gives 128 and its number', async () => {
    const { result, report } = await run([STAY, shell('kill -KILL $$')], { flags });
    expect(result.exitCode).toBe(128 + SIGKILL);
    expect(report.waitStatus).toBe(SIGKILL);
  });

  test('forwards signals', async () => {
    const [read, write] = addon.pipe();
    const started = await start(
      [
        { op: 'set-standard-streams', stdin: undefined, stdout: 'out', stderr: undefined },
        STAY,
        shell('trap "exit 3" TERM; trap "echo usr1" USR1; echo ready; while :; do sleep 0.01; done'),
      ],
      { flags, fds: { out: write } },
    );
    closeSync(write);
    await untilReady(read, 'readable');
    started.process.signal(SIGUSR1);
    started.process.signal(SIGTERM);
    expect((await started.finish()).result.exitCode).toBe(3);
    closeSync(read);
  });

  test('holds none of the streams', async () => {
    const [read, write] = addon.pipe();
    const started = await start(
      [
        { op: 'set-standard-streams', stdin: undefined, stdout: 'out', stderr: undefined },
        STAY,
        shell('exec >/dev/null; sleep 60'),
      ],
      { flags, fds: { out: write } },
    );
    closeSync(write);
    await untilReady(read, 'readable');
    expect(readFileSync(read, 'utf8')).toBe('');
    closeSync(read);
    started.process.signal(SIGKILL);
    await started.finish();
  });

  test('reaps orphans', async () => {
    // `( … & )` leaves a child behind whose parent is gone.
    const script = '(sh -c "exit 0" &); (sleep 0.01 &); sleep 0.2; grep -lE "State:.Z" /proc/[0-9]*/status; exit 5';
    const proc: Step[] = [
      { op: 'set-propagation', path: '/', propagation: 1 << 18 },
      {
        op: 'mount',
        type: 'proc',
        source: '',
        options: [],
        root: undefined,
        target: '/proc',
        attributes: 0,
        create: 0,
      },
    ];
    const path = `/tmp/corral-native-zombies-${String(process.pid)}`;
    const out = openSync(path, 'w+');
    const { result } = await run(
      [...proc, { op: 'set-standard-streams', stdin: undefined, stdout: 'out', stderr: 'out' }, STAY, shell(script)],
      { flags: flags | CLONE.CLONE_NEWNS, fds: { out } },
    );
    expect(result.exitCode).toBe(5);
    expect(readFileSync(path, 'utf8')).toBe('');
    closeSync(out);
    await run([shell('rm "$1"', path)]);
  });

  test('outside a pid namespace it is a subreaper', async () => {
    const { result } = await run([STAY, shell('(sleep 0.05 &); exit 4')]);
    expect(result.exitCode).toBe(4);
  });

  test('an exec that fails stays the last word of the page', async () => {
    const { outcome, result, report } = await run([STAY, { op: 'exec', argv: ['/nonexistent'], environment: [] }], {
      flags,
    });
    expect(outcome).toEqual({ kind: 'failed', step: 1, errno: constants.errno.ENOENT });
    expect(result.exitCode).toBe(125);
    expect(report).toMatchObject({ phase: 'failed', step: 1, errno: constants.errno.ENOENT });
  });

  test('is small and gives up its rights', async () => {
    const started = await start([STAY, shell('sleep 60')], { flags });
    await until(() => started.report().phase === 'waiting');
    const status = readFileSync(`/proc/${String(started.pid)}/status`, 'utf8');
    expect(/CapEff:\s+(\w+)/.exec(status)?.[1]).toBe('0000000000000020');
    const rollup = readFileSync(`/proc/${String(started.pid)}/smaps_rollup`, 'utf8');
    // Its program is the one memfd that all containers share; what is its own is anonymous.
    const privateKb = Number(/Anonymous:\s+(\d+)/.exec(rollup)?.[1]);
    started.process.signal(SIGKILL);
    await started.finish();
    expect(privateKb).toBeLessThan(100);
  });
});

describe('keep-children', () => {
  const KEEP: Step = { op: 'keep-children', always: 1 };
  const KILL_ORDER = 63;
  const isAlive = (marker: string): boolean => findByArgument(marker).length > 0;
  const daemons = '(setsid sh -c "sleep 1000; true" "$1" &); (sh -c "(sleep 1000; true) & wait" "$1" &); ';

  test('kills what the workload has left behind, and counts it', async () => {
    const marker = makeMarker();
    const { result, report } = await run([KEEP, STAY, shell(`${daemons} sleep 0.3; exit 6`, marker)]);
    expect(result).toEqual({ exitCode: 6, signal: null });
    expect(report).toMatchObject({ waitStatus: 6 << 8, survivors: 0 });
    expect(report.leftBehind).toBeGreaterThanOrEqual(3);
    expect(isAlive(marker)).toBe(false);
  });

  test('counts nothing where there is nothing', async () => {
    const { report } = await run([KEEP, STAY, shell('exit 0')]);
    expect(report).toMatchObject({ leftBehind: 0, survivors: 0 });
  });

  test('kills the workload as well when it is told to', async () => {
    const marker = makeMarker();
    const started = await start([
      KEEP,
      STAY,
      shell(`trap "" TERM INT HUP; ${daemons} while :; do sleep 0.01; done`, marker),
    ]);
    await until(() => findByArgument(marker).length >= 3);
    started.process.signal(KILL_ORDER);
    const { result, report } = await started.finish();
    expect(result.exitCode).toBe(128 + SIGKILL);
    expect(report.waitStatus).toBe(SIGKILL);
    expect(isAlive(marker)).toBe(false);
  });

  test('hands that signal on where it keeps no children', async () => {
    const { result } = await (async () => {
      const started = await start([STAY, shell('sleep 60')], { flags });
      await until(() => started.report().phase === 'waiting');
      started.process.signal(KILL_ORDER);
      return started.finish();
    })();
    expect(result.exitCode).toBe(128 + KILL_ORDER);
  });

  test('finds hundreds of children', async () => {
    const marker = makeMarker();
    const script = 'for (1..700) { next if fork; exec "sleep", "1000" } ';
    const { report } = await run([
      KEEP,
      STAY,
      { op: 'exec', argv: ['/usr/bin/perl', '-e', script, marker], environment: [] },
    ]);
    expect(report).toMatchObject({ leftBehind: 700, survivors: 0 });
  });

  test('refuses a /proc of another pid namespace: its numbers would be strangers’', async () => {
    const { outcome } = await run([KEEP, STAY, shell('exit 0')], { flags });
    expect(outcome).toEqual({ kind: 'failed', step: 0, errno: constants.errno.ENOENT });
  });

  test('leaves alone, without `always`, what the workload leaves behind', async () => {
    const marker = makeMarker();
    const { result } = await run([{ ...KEEP, always: 0 }, STAY, shell(`${daemons} sleep 0.3; exit 6`, marker)]);
    expect(result).toEqual({ exitCode: 6, signal: null });
    expect(isAlive(marker)).toBe(true);
    for (const pid of findByArgument(marker)) process.kill(pid, 'SIGKILL');
  });
});
