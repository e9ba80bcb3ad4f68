import type { KillReport } from '../../cgroup/kill.js';
import { type StopOptions, checkEnding } from '../../container/ending.js';
import { readSignal } from '../../container/signalling.js';
import type { StopReport } from '../../container/stopping.js';
import { NotFoundError, StateError } from '../../errors/state-errors.js';
import type { Supervised } from './supervised.js';
import type { RunEnd } from '../types.js';

/** Asks a container to end, kills it when it does not, and has it stay ended. @throws OptionError, StateError */
export async function stopSupervised(one: Supervised, options: StopOptions): Promise<StopReport> {
  checkEnding(options);
  const signal = options.stopSignal ?? one.record.options.supervision.stopSignal ?? 'SIGTERM';
  readSignal(signal, 'stopSignal');
  const isRunning = one.run !== undefined || one.state === 'starting';
  await one.end({ ...options, how: 'stop' });
  const end = one.record.lastEnd;
  return { id: one.id, ...end, signalled: Number(isRunning), killed: isRunning && end?.signal === 'SIGKILL' };
}

/** Kills a container, and has it stay ended. @throws StateError where it has ended; CgroupError when something survives */
export async function killSupervised(one: Supervised): Promise<KillReport> {
  const container = one.run?.container;
  if (container === undefined && one.isIdle) throw new StateError('kill', one.id, one.state);
  await one.end({ how: 'kill' });
  return (await container?.kill()) ?? { processes: 0, durationMs: 0, rung: 'none', gone: true };
}

/** Waits until a container has ended for good. @throws StateError where it was never started; the reason of the signal */
export async function waitForSupervised(one: Supervised, signal: AbortSignal | undefined): Promise<RunEnd> {
  if (one.state === 'created') throw new StateError('wait for', one.id, 'created');
  await one.until(() => one.isIdle, signal);
  const { lastEnd } = one.record;
  if (lastEnd === undefined) throw new NotFoundError(one.id);
  return lastEnd;
}
