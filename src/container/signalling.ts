import { isFrozen, thawCgroup } from '../cgroup/freeze.js';
import { hasCgroup } from '../cgroup/ref.js';
import { type SignalReport, signalCgroup } from '../cgroup/signal.js';
import type { CgroupRef } from '../cgroup/types.js';
import { OptionError } from '../errors/option-error.js';
import { ANNOTATIONS } from '../spec/annotations.js';
import { SIGNALS, parseSignal } from '../util/signals.js';
import { openProcess } from './identity.js';
import type { State } from './state.js';

/** Reads a signal. @throws OptionError when there is no such signal */
export function readSignal(signal: string | number, option = 'signal'): number {
  const number = parseSignal(String(signal));
  if (number === undefined) throw new OptionError(option, signal, 'a signal such as SIGTERM');
  return number;
}

/**
 * Sends a signal to the first process of a container; corral-init, where it is that, hands it on to the command.
 *
 * @returns `false` when it has ended
 * @throws OptionError when there is no such signal
 */
export function signalMain({ init }: State, signal: string | number): boolean {
  const number = readSignal(signal);
  using pidfd = init === undefined ? undefined : openProcess(init);
  pidfd?.signal(number);
  return pidfd !== undefined;
}

/**
 * Sends a signal to every process of a container, cgroups that it has made included, and to none that it is not.
 *
 * corral-init is left out: it would hand the signal on to the command, which then got it twice. Where there is no cgroup that
 * could be asked who is in the container, only the first process gets it, and the report is not `complete`.
 *
 * @throws OptionError when there is no such signal; CgroupRefusedError, CgroupError
 */
export async function signalEvery(state: State, signal: string | number): Promise<SignalReport> {
  const number = readSignal(signal);
  const { cgroup, init, spec } = state;
  if (!hasCgroup(cgroup)) {
    const pids = init !== undefined && signalMain(state, number) ? [init.pid] : [];
    return { processes: pids.length, pids, complete: false, paused: false };
  }
  const handsOn = spec.annotations[ANNOTATIONS.init] === 'true' && number !== SIGNALS.SIGKILL;
  return signalCgroup(cgroup, number, { except: handsOn ? init?.pid : undefined });
}

/**
 * Does so in a container of which only the cgroup is known: one inside another. A corral-init in it hands the signal on.
 *
 * @throws OptionError when there is no such signal; CgroupRefusedError, CgroupError
 */
export async function signalInside(cgroup: CgroupRef, signal: string | number): Promise<SignalReport> {
  return signalCgroup(cgroup, readSignal(signal));
}

/** Lets a container go on that is paused: it is to act on a signal. @returns whether it was */
export function thawIfPaused({ cgroup }: State): boolean {
  if (!hasCgroup(cgroup) || !isFrozen(cgroup)) return false;
  thawCgroup(cgroup);
  return true;
}
