import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExecProcess } from '../../../../src/container/exec.js';
import { HealthMonitor, UNKNOWN_HEALTH, judge } from '../../../../src/supervisor/life/health.js';
import { Leases } from '../../../../src/supervisor/leases.js';
import type { Health, HealthCheck } from '../../../../src/supervisor/types.js';
import { Timer } from '../../../../src/util/timer.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('judge', () => {
  const usual = { retries: 2, isStarting: false };

  it('takes one success for health, and so many failures in a row for the contrary', () => {
    const healthy = judge(UNKNOWN_HEALTH, 'passed', usual);
    expect(healthy).toEqual({ health: 'healthy', failures: 0 });
    const once = judge(healthy, 'failed', usual);
    expect(once).toEqual({ health: 'healthy', failures: 1 });
    expect(judge(once, 'failed', usual)).toEqual({ health: 'unhealthy', failures: 2 });
    expect(judge(once, 'passed', usual)).toEqual({ health: 'healthy', failures: 0 });
  });

  it('does not count failures in the start period, until the first success', () => {
    const early = { ...usual, isStarting: true };
    expect(judge(UNKNOWN_HEALTH, 'failed', early)).toEqual(UNKNOWN_HEALTH);
    const up = judge(UNKNOWN_HEALTH, 'passed', early);
    expect(judge(up, 'failed', early)).toEqual({ health: 'healthy', failures: 1 });
  });
});

describe('HealthMonitor', () => {
  const check: HealthCheck = {
    command: ['probe'],
    interval: 1000,
    timeout: 500,
    retries: 2,
    startPeriod: 0,
    onFailure: 'none',
  };

  it('checks one after the other, and tells of changes', async () => {
    const answers: (number | Error)[] = [0, 1, new Error('no such file'), 0];
    const changes: Health[] = [];
    const exec = vi.fn(() => {
      const answer = answers.shift() ?? 0;
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve({ exited: Promise.resolve({ exitCode: answer }) } as unknown as ExecProcess);
    });
    const monitor = new HealthMonitor(
      check,
      { exec: exec as never },
      { startedAt: 0, onChange: (health) => void changes.push(health) },
    );
    expect(monitor.health).toBe('starting');
    await vi.advanceTimersByTimeAsync(4000);
    expect(changes).toEqual(['healthy', 'unhealthy', 'healthy']);
    expect(exec).toHaveBeenCalledWith(['probe'], { timeout: 500, stdout: 'ignore', stderr: 'ignore' });
    monitor.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(exec).toHaveBeenCalledTimes(4);
  });

  it('does not check what is paused, and forgets a check in whose middle it was', async () => {
    let isPaused = true;
    const onChange = vi.fn();
    const exec = vi.fn(() => {
      isPaused = true;
      return Promise.resolve({ exited: Promise.resolve({ exitCode: 1 }) });
    });
    const monitor = new HealthMonitor(
      { ...check, retries: 1 },
      { exec: exec as never },
      { startedAt: 0, isPaused: () => isPaused, onChange },
    );
    await vi.advanceTimersByTimeAsync(3500);
    expect(exec).not.toHaveBeenCalled();
    isPaused = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect(exec).toHaveBeenCalledOnce();
    expect(onChange).not.toHaveBeenCalled();
    monitor.stop();
  });

  it('goes on with what was known', async () => {
    const onChange = vi.fn();
    const exec = vi.fn(() => Promise.resolve({ exited: Promise.resolve({ exitCode: 1 }) }));
    const monitor = new HealthMonitor(check, { exec: exec as never }, { startedAt: 0, known: 'unhealthy', onChange });
    expect(monitor.health).toBe('unhealthy');
    await vi.advanceTimersByTimeAsync(5000);
    expect(exec).toHaveBeenCalledTimes(5);
    expect(onChange).not.toHaveBeenCalled();
    monitor.stop();
  });

  it('is healthy again with the first check that passes after another supervisor’s', async () => {
    const onChange = vi.fn();
    const exec = vi.fn(() => Promise.resolve({ exited: Promise.resolve({ exitCode: 0 }) }));
    const unhealthy = { startedAt: 0, known: 'unhealthy', onChange } as const;
    const healthy = { startedAt: 0, known: 'healthy', onChange } as const;
    const monitors = [unhealthy, healthy].map((known) => new HealthMonitor(check, { exec: exec as never }, known));
    await vi.advanceTimersByTimeAsync(1000);
    expect(onChange).toHaveBeenCalledExactlyOnceWith('healthy');
    for (const monitor of monitors) monitor.stop();
  });

  it('says nothing of a check that ends after the container', async () => {
    let settle: (result: { exitCode: number }) => void = () => undefined;
    const exited = new Promise<{ exitCode: number }>((resolve) => {
      settle = resolve;
    });
    const onChange = vi.fn();
    const monitor = new HealthMonitor(
      check,
      { exec: (() => Promise.resolve({ exited })) as never },
      { startedAt: 0, onChange },
    );
    await vi.advanceTimersByTimeAsync(1000);
    monitor.stop();
    settle({ exitCode: 0 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(onChange).not.toHaveBeenCalled();
  });
});

describe('Leases', () => {
  it('are over with the last who holds', () => {
    const onOver = vi.fn();
    const leases = new Leases(onOver);
    const [one, two] = [new AbortController(), new AbortController()];
    leases.hold('web', one.signal);
    leases.hold('web', two.signal);
    one.abort();
    expect(onOver).not.toHaveBeenCalled();
    two.abort();
    expect(onOver).toHaveBeenCalledExactlyOnceWith('web');
  });

  it('are over at once where whoever would hold is gone already', () => {
    const onOver = vi.fn();
    new Leases(onOver).hold('web', AbortSignal.abort());
    expect(onOver).toHaveBeenCalledExactlyOnceWith('web');
  });

  it('wait for their holder after the death of a supervisor, for a while', async () => {
    const onOver = vi.fn();
    const leases = new Leases(onOver);
    leases.expect('web');
    leases.expect('db');
    leases.expect('gone');
    leases.hold('db', new AbortController().signal);
    leases.forget('gone');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(onOver).toHaveBeenCalledExactlyOnceWith('web');
  });

  it('end with nobody’s container, where their supervisor ends', async () => {
    const onOver = vi.fn();
    const leases = new Leases(onOver);
    const maker = new AbortController();
    leases.hold('web', maker.signal);
    leases.expect('db');
    leases.leave();
    maker.abort();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(onOver).not.toHaveBeenCalled();
  });

  it('say nothing of a container that is gone', () => {
    const onOver = vi.fn();
    const leases = new Leases(onOver);
    const holder = new AbortController();
    leases.hold('web', holder.signal);
    leases.forget('web');
    leases.hold('web', new AbortController().signal);
    holder.abort();
    expect(onOver).not.toHaveBeenCalled();
  });
});

describe('Timer', () => {
  it('waits as long as it is told, however long', async () => {
    const callback = vi.fn();
    const timer = new Timer();
    timer.set(2 ** 31 + 1000, callback);
    await vi.advanceTimersByTimeAsync(2 ** 31 + 999);
    expect(callback).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(callback).toHaveBeenCalledOnce();
  });

  it('forgets what it was set to', async () => {
    const [first, second] = [vi.fn(), vi.fn()];
    const timer = new Timer();
    timer.set(10, first);
    timer.set(20, second);
    await vi.advanceTimersByTimeAsync(30);
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 1]);
    timer.set(-5, first);
    timer.clear();
    await vi.advanceTimersByTimeAsync(30);
    expect(first).not.toHaveBeenCalled();
  });
});
