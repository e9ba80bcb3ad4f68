import { ContainerError } from '../errors/container-error.js';
import { encodePlan } from '../plan/encode.js';
import type { Step } from '../plan/steps.js';
import type { FdPlan } from '../plan/types.js';
import { type Followed, follow } from './follow.js';
import { type HandOverContext, handOver } from './hand-over.js';

/** What {@link sendPrelude} works with. */
export interface PreludeContext {
  readonly handing: HandOverContext;
  readonly followed: Followed;
  /** The step that is made to fail, for tests. */
  readonly fault: { readonly step: number; readonly errno: number } | undefined;
  readonly reportFd: number;
}

/**
 * Has corral-init do what comes before it has ids, and waits until it asks for the rest of its plan.
 *
 * @throws LaunchError or LaunchKilledError naming the step
 */
export async function sendPrelude(
  steps: readonly Step[],
  { handing, followed, fault, reportFd }: PreludeContext,
): Promise<void> {
  const fds: readonly FdPlan[] = [
    { slot: 'report', kind: 'report' },
    ...[...handing.joined.keys()].map((slot): FdPlan => ({ slot, kind: 'namespace' })),
  ];
  const own = fault !== undefined && fault.step < steps.length ? { fault } : {};
  const bytes = encodePlan({ fds: fds.map(({ slot }) => slot), steps, ...own });
  await handOver({ bytes, fds }, handing);
  const outcome = await follow(followed, steps, reportFd);
  if (outcome !== 'next plan') {
    throw new ContainerError('corral-init has not asked for the rest of its plan', 'ERR_PLAN');
  }
}
