import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SignalReport } from '../../../src/cgroup/signal.js';
import { makeLab, until } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();

const WORKERS = 200;

/**
 * The main process and its workers, each of which forks one child after the other. All of them write lines into one file, one
 * write(2) a line: `S` when they start, `E` when they end by themselves, `T` when TERM arrives; each with the pid and the time of
 * CLOCK_MONOTONIC, which is performance.now()'s. Whoever has got TERM forks no more, and ends when its children have.
 */
const STORM = `
  use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
  open my $log, '>>', $ARGV[0] or die;
  my $told = 0;
  sub note { syswrite $log, sprintf("%s %d %.6f\\n", $_[0], $$, clock_gettime(CLOCK_MONOTONIC)) }
  $SIG{TERM} = sub { note('T') unless $told++ };
  sub worker {
    note('S');
    until ($told) {
      my $child = fork;
      if (!defined $child) { select undef, undef, undef, 0.01; next }
      if (!$child) {
        # A signal that came for the parent alone was not for it: only its own counts.
        $told = 0;
        note('S');
        select undef, undef, undef, rand 0.03;
        note('E') unless $told;
        exit 0;
      }
      waitpid $child, 0;
    }
    1 while wait > 0;
    exit 0;
  }
  note('S');
  pipe my $gate, my $bar;
  for (1 .. ${String(WORKERS)}) {
    my $child = fork;
    die $! unless defined $child;
    next if $child;
    close $bar;
    sysread $gate, my $nothing, 1;
    worker();
  }
  close $bar;
  # Until all others have ended: a call that a signal interrupts says -1, and there are children all the same.
  while (1) { last if wait < 0 && $!{ECHILD} }
  exit 0;`;

interface Line {
  readonly what: string;
  readonly pid: number;
  readonly atMs: number;
}

function readLines(log: string): readonly Line[] {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [what = '', pid, seconds] = line.split(' ');
    return { what, pid: Number(pid), atMs: Number(seconds) * 1000 };
  });
}

/** The times of CLOCK_MONOTONIC in milliseconds, which perl's are compared with. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

describe('a graceful stop of 200 processes that fork all the time', () => {
  it('reaches every one of them, once, and all end by themselves', async (context) => {
    requires(context, { programs: ['perl'], controllers: ['pids', 'memory'] });
    const directory = lab.directory();
    const log = join(directory, 'log');
    writeFileSync(log, '');
    // The pids that they write are the host's.
    const container = await lab.spawn(['perl', '-e', STORM, log], {
      pid: 'host',
      userns: 'host',
      pids: 600,
      memory: '1G',
      volumes: [`${directory}:${directory}`],
      timeout: 50_000 * TIME_SCALE,
    });
    // Each has forked more than once: a line has some 22 bytes.
    await until(() => statSync(log).size > 4 * 22 * WORKERS, 'they fork', 40_000);
    const signalAll = container.signalAll.bind(container);
    let report: SignalReport | undefined;
    const [beforeMs, afterMs] = await timed(async () => {
      report = await signalAll('TERM');
    });
    const result = await container.exited;
    expect(result, 'all of them have ended by themselves').toMatchObject({
      exitCode: 0,
      timedOut: false,
      oomKilled: false,
      leftBehind: 0,
    });
    expect(report).toMatchObject({ complete: true });
    const lines = readLines(log);
    const told = lines.filter(({ what }) => what === 'T').map(({ pid }) => pid);
    expect(told.length, 'at least the main process and its workers').toBeGreaterThan(WORKERS);
    expect(new Set(told).size, 'nobody has got it twice').toBe(told.length);
    const sent = new Set(report?.pids);
    expect(
      told.filter((pid) => !sent.has(pid)),
      'who has got it was sent it',
    ).toEqual([]);
    // One that has noted its end, and has only to exit, does nothing with a signal any more.
    const ended = lastNotes(lines).get('E') ?? new Set();
    expect(
      [...sent].filter((pid) => !told.includes(pid) && !ended.has(pid)),
      'who was sent it has got it',
    ).toEqual([]);
    expect(findMissed(lines, beforeMs, afterMs), 'who was alive all the while and has not got it').toEqual([]);
    await context.annotate(`${String(told.length)} processes got it in ${(afterMs - beforeMs).toFixed(1)} ms`);
  });
});

async function timed(act: () => Promise<void>): Promise<readonly [number, number]> {
  const beforeMs = monotonicMs();
  await act();
  return [beforeMs, monotonicMs()];
}

// A pid may be given again in the time: what counts is the last line before.
function findMissed(lines: readonly Line[], beforeMs: number, afterMs: number): readonly number[] {
  const alive = new Set<number>();
  for (const { what, pid, atMs } of lines) {
    if (atMs >= beforeMs) continue;
    if (what === 'S') alive.add(pid);
    else alive.delete(pid);
  }
  for (const { what, pid, atMs } of lines) {
    if (atMs >= beforeMs && (what === 'T' || atMs <= afterMs)) alive.delete(pid);
  }
  return [...alive];
}

/** Returns the pids by the last thing that each has noted. */
function lastNotes(lines: readonly Line[]): ReadonlyMap<string, ReadonlySet<number>> {
  const last = new Map(lines.map(({ pid, what }) => [pid, what]));
  const byNote = new Map<string, Set<number>>();
  for (const [pid, what] of last) byNote.set(what, (byNote.get(what) ?? new Set()).add(pid));
  return byNote;
}
