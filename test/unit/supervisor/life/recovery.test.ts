import { describe, expect, it } from 'vitest';
import { type ContainerRecord, type Ending, newRecord } from '../../../../src/supervisor/record/record.js';
import {
  interruptedEvent,
  isOfEarlierBoot,
  nextStep,
  takeBack,
  wantsAnother,
} from '../../../../src/supervisor/life/recovery.js';
import { noteEnd } from '../../../../src/supervisor/life/run-end.js';
import type { RestartPolicy } from '../../../../src/supervisor/types.js';

const START = '2026-01-01T00:00:00.000Z';
const here = { bootId: 'boot-1', now: Date.parse(START) };
const end = { run: 1, startedAt: START, endedAt: START, exitCode: 1 };

function record(changes: Partial<ContainerRecord> = {}, restart: RestartPolicy = { name: 'no' }): ContainerRecord {
  const options = { command: ['true'], container: {}, supervision: { restart, log: { driver: 'raw' as const } } };
  const made = newRecord('web', options, { createdAt: START, desired: 'up' });
  return { ...made, run: 1, startedAt: START, bootId: 'boot-1', ...changes };
}

describe('what was being done when the supervisor died', () => {
  const event = (ending: Ending | null | undefined) => interruptedEvent(record(ending === undefined ? {} : { ending }));

  it('is gone on with', () => {
    expect(event(undefined)).toBeUndefined();
    expect(event(null)).toBeUndefined();
    expect(event({ how: 'stop' })).toBe('stop');
    expect(event({ how: 'stop', restart: true })).toBe('restart');
    expect(event({ how: 'kill', timedOut: true })).toBe('expired');
    expect(interruptedEvent(record({ removing: true, ending: { how: 'kill' } }))).toBe('remove');
  });
});

describe('one that does not run', () => {
  const always: RestartPolicy = { name: 'always' };

  it('is removed, where that had begun', () => {
    expect(nextStep(record({ removing: true }), here)).toEqual({ kind: 'remove' });
  });

  it('is started, where its start was lost', () => {
    expect(nextStep(record({ run: 0 }), here)).toEqual({ kind: 'start' });
    expect(nextStep(record(), here)).toEqual({ kind: 'start' });
  });

  it('has its number again, where its start was lost, and is due until then', () => {
    const lost = record({ run: 4, lastEnd: { ...end, run: 3 } });
    const changed = { ...lost, ...takeBack(lost, nextStep(lost, here)) };
    expect(changed.run).toBe(3);
    expect(nextStep(changed, here)).toMatchObject({ kind: 'wait' });
    const unwanted = { ...lost, desired: 'down' as const };
    expect(takeBack(unwanted, nextStep(unwanted, here))).toEqual({ run: 3 });
  });

  it('stays, where somebody has stopped it, or nobody wants it again', () => {
    expect(nextStep(record({ desired: 'down', lastEnd: end }, always), here)).toEqual({ kind: 'stay' });
    expect(nextStep(record({ lastEnd: end, nextStart: null }), here)).toEqual({ kind: 'stay' });
  });

  it('waits for what is left of its back-off, or for a new one', () => {
    const nextStart = new Date(here.now + 40).toISOString();
    expect(nextStep(record({ lastEnd: end, nextStart }, always), here)).toEqual({ kind: 'wait', ms: 40 });
    expect(nextStep(record({ lastEnd: end, nextStart: START }, always), { ...here, now: here.now + 9 })).toEqual({
      kind: 'wait',
      ms: 0,
    });
    expect(nextStep(record({ lastEnd: end, nextStart: null }, always), here)).toEqual({ kind: 'wait' });
  });

  it('is started after a boot by its policy', () => {
    const there = { ...here, bootId: 'boot-2' };
    expect(isOfEarlierBoot(record(), there)).toBe(true);
    expect(isOfEarlierBoot(record({ run: 0, desired: 'down' }), there)).toBe(false);
    expect(nextStep(record({}, always), there)).toEqual({ kind: 'start' });
    expect(nextStep(record(), there)).toEqual({ kind: 'stay' });
    expect(nextStep(record({ lastEnd: end, nextStart: START }), there)).toEqual({ kind: 'start' });
  });

  it('is taken for one that has run, where it was to begin before the boot, and nothing says that it has', () => {
    const there = { ...here, bootId: 'boot-2' };
    expect(isOfEarlierBoot(record({ run: 0 }), here)).toBe(false);
    expect(isOfEarlierBoot(record({ run: 0 }), there)).toBe(true);
    expect(nextStep(record({ run: 0 }), there)).toEqual({ kind: 'stay' });
    expect(nextStep(record({ run: 0 }, always), there)).toEqual({ kind: 'start' });
  });

  it('is wanted again only while somebody wants it up', () => {
    expect(wantsAnother(record({ lastEnd: end }, always))).toBe(true);
    expect(wantsAnother(record({ lastEnd: end, desired: 'down' }, always))).toBe(false);
  });
});

describe('the note of an end', () => {
  const at = { now: here.now + 500, killed: false };

  it('says how and when', () => {
    expect(noteEnd(record(), { exitCode: 3, signal: null }, at)).toEqual({
      lastEnd: { run: 1, startedAt: START, endedAt: '2026-01-01T00:00:00.500Z', exitCode: 3, signal: null },
      ending: null,
    });
  });

  it('says why there is no exit code', () => {
    expect(noteEnd(record(), {}, { ...at, error: 'the machine went down' }).lastEnd?.error).toBe(
      'the machine went down',
    );
  });

  it('says that its time was up', () => {
    const ending = { how: 'kill', timedOut: true } as const;
    expect(noteEnd(record({ ending }), { signal: 'SIGKILL' }, at).lastEnd?.timedOut).toBe(true);
  });

  it('keeps in mind that the end was half of a restart', () => {
    const ending = { how: 'stop', restart: true } as const;
    expect(noteEnd(record({ ending }), {}, at).nextStart).toBe('2026-01-01T00:00:00.500Z');
  });

  it('ends the row of restarts after a steady run', () => {
    expect(noteEnd(record({ restarts: 3 }), {}, at).restarts).toBeUndefined();
    expect(noteEnd(record({ restarts: 3 }), {}, { ...at, now: here.now + 10_000 }).restarts).toBe(0);
    expect(noteEnd(record(), {}, { ...at, now: here.now + 10_000 }).restarts).toBeUndefined();
  });

  it('takes a kill past the supervisor for a wish, unless the supervisor was ending it', () => {
    expect(noteEnd(record(), {}, { ...at, killed: true }).desired).toBe('down');
    expect(noteEnd(record({ ending: { how: 'kill' } }), {}, { ...at, killed: true }).desired).toBeUndefined();
  });
});
