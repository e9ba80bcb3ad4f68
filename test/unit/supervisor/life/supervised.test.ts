import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Bench, settled } from '../../../helpers/supervised.js';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  bench[Symbol.dispose]();
});

describe('a life', () => {
  it('is started, and ends', async () => {
    const web = bench.make();
    expect([web.state, web.isIdle]).toEqual(['created', true]);
    await expect(web.start()).resolves.toBe(true);
    await expect(web.start()).resolves.toBe(false);
    bench.machine.end({ exitCode: 3, signal: null });
    await settled();
    expect(web.state).toBe('exited');
    expect(web.record.lastEnd).toMatchObject({ run: 1, exitCode: 3 });
  });

  it('is started again after a back-off that doubles, and begins anew after a steady run', async () => {
    const web = bench.make({ restart: { name: 'always' } });
    await web.start();
    for (const ms of [100, 200, 400]) {
      bench.machine.end({ exitCode: 1, signal: null });
      await settled();
      expect(web.state).toBe('waiting');
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(web.state).toBe('waiting');
      await vi.advanceTimersByTimeAsync(1);
      expect(web.state).toBe('running');
    }
    await vi.advanceTimersByTimeAsync(10_000);
    bench.machine.end({ exitCode: 1, signal: null });
    await vi.advanceTimersByTimeAsync(100);
    expect(web.state).toBe('running');
    expect(web.record).toMatchObject({ run: 5, restarts: 1, allRestarts: 4 });
    expect(bench.told.filter(({ type }) => type === 'restarting')).toHaveLength(4);
  });

  it('ends for good when on-failure has tried often enough', async () => {
    const web = bench.make({ restart: { name: 'on-failure', maxRetries: 2 } });
    await web.start();
    for (let run = 0; run < 3; run++) {
      bench.machine.end({ exitCode: 1, signal: null });
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(web.state).toBe('exited');
    expect(bench.machine.launches).toBe(3);
  });

  it('throws what a start throws that somebody has asked for, and does not try again', async () => {
    const web = bench.make({ restart: { name: 'always' } });
    bench.machine.failNext = true;
    await expect(web.start()).rejects.toThrow('exec /x: ENOENT');
    expect(web.state).toBe('exited');
    expect(web.record).toMatchObject({ desired: 'down', lastEnd: { error: 'exec /x: ENOENT' } });
  });

  it('tries again where a restart has failed', async () => {
    const web = bench.make({ restart: { name: 'always' } });
    await web.start();
    bench.machine.failNext = true;
    bench.machine.end({ exitCode: 0, signal: null });
    await vi.advanceTimersByTimeAsync(100);
    expect(web.state).toBe('waiting');
    await vi.advanceTimersByTimeAsync(200);
    expect(web.state).toBe('running');
  });

  it('stays stopped', async () => {
    const web = bench.make({ restart: { name: 'always' } });
    await web.start();
    await web.end({ how: 'stop' });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(web.state).toBe('exited');
    expect(web.record.lastEnd).toMatchObject({ exitCode: 143 });
  });

  it('is killed when it does not stop', async () => {
    bench.machine.stopsWith = undefined;
    const web = bench.make();
    await web.start();
    const stopping = web.end({ how: 'stop' });
    await settled();
    expect(web.state).toBe('stopping');
    await web.end({ how: 'kill' });
    await stopping;
    expect(web.record.lastEnd).toMatchObject({ signal: 'SIGKILL' });
  });

  it('is stopped and started by a restart', async () => {
    const web = bench.make();
    await web.start();
    await web.restart();
    expect([web.state, bench.machine.launches]).toEqual(['running', 2]);
  });

  it('is ended when its time is up, which its end says', async () => {
    const web = bench.make({ timeout: 5000 });
    await web.start();
    await vi.advanceTimersByTimeAsync(5000);
    expect(web.state).toBe('exited');
    expect(web.record.lastEnd).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
  });

  it('is asked first when its time is up, where it was made so', async () => {
    const web = bench.make({ timeout: 5000, stopSignal: 'SIGINT' });
    await web.start();
    await vi.advanceTimersByTimeAsync(5000);
    expect(web.record.lastEnd).toMatchObject({ timedOut: true, exitCode: 143 });
  });

  it('is forgotten after its end, where that was asked for', async () => {
    const web = bench.make({ autoRemove: true });
    await web.start();
    bench.machine.end({ exitCode: 0, signal: null });
    await settled();
    expect(bench.isForgotten).toBe(true);
    expect(bench.told.at(-1)).toEqual({ type: 'removed' });
  });

  it('is killed and forgotten, whatever it does', async () => {
    const web = bench.make({ restart: { name: 'always' } });
    await web.start();
    await web.remove();
    expect(bench.isForgotten).toBe(true);
    expect(bench.machine.live).toBeUndefined();
    await expect(web.start()).rejects.toThrow('cannot start "web"');
  });
});

describe('another supervisor', () => {
  it('goes on with what runs', async () => {
    const web = bench.make();
    await web.start();
    const next = await bench.again();
    expect(next.state).toBe('running');
    expect(bench.told).toEqual([{ type: 'adopted' }]);
    bench.machine.end({ exitCode: 5, signal: null });
    await settled();
    expect(next.record.lastEnd).toMatchObject({ run: 1, exitCode: 5 });
    expect(bench.machine.launches).toBe(1);
  });

  it('knows how it ended meanwhile, and starts it again', async () => {
    const web = bench.make({ restart: { name: 'always' } });
    await web.start();
    bench.machine.orphan();
    bench.machine.end({ exitCode: 7, signal: null });
    const next = await bench.again();
    expect(next.state).toBe('waiting');
    expect(next.record.lastEnd).toMatchObject({ exitCode: 7 });
    await vi.advanceTimersByTimeAsync(100);
    expect(next.state).toBe('running');
  });

  it('waits for what is left of a back-off', async () => {
    const web = bench.make({ restart: { name: 'always' } });
    await web.start();
    bench.machine.end({ exitCode: 1, signal: null });
    await settled();
    await vi.advanceTimersByTimeAsync(40);
    expect(web.state).toBe('waiting');
    // The old one is dead: its timer does nothing.
    const before = bench.machine.launches;
    const now = Date.now();
    vi.clearAllTimers();
    vi.setSystemTime(now);
    const next = await bench.again();
    await vi.advanceTimersByTimeAsync(59);
    expect(bench.machine.launches).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(next.state).toBe('running');
  });

  it.each([
    ['always', 'down', true],
    ['unless-stopped', 'down', false],
    ['unless-stopped', 'up', true],
    ['on-failure', 'up', true],
    ['no', 'up', false],
  ] as const)('after a boot, with %s, of one that was %s', async (name, desired, starts) => {
    const web = bench.make({ restart: { name } });
    await web.start();
    if (desired === 'down') await web.end({ how: 'stop' });
    bench.machine.live = undefined;
    bench.machine.bootId = 'boot-2';
    vi.clearAllTimers();
    const next = await bench.again();
    expect(next.state).toBe(starts ? 'running' : 'exited');
    if (desired === 'up') expect(next.record.lastEnd).toMatchObject({ run: 1, error: 'the machine went down' });
  });

  it('after a boot, of one whose start was not on the disk yet', async () => {
    const { record } = bench.make({}, 'up');
    writeFileSync(bench.path, `${JSON.stringify({ ...record, bootId: 'boot-1' })}\n`);
    bench.machine.bootId = 'boot-2';
    const { lastEnd } = (await bench.again()).record;
    expect(lastEnd).toMatchObject({ run: 1, startedAt: record.createdAt, error: 'the machine went down' });
  });
});
