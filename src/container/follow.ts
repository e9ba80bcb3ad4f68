import { ContainerError } from '../errors/container-error.js';
import { LaunchError, LaunchKilledError } from '../errors/launch-error.js';
import { Fd } from '../native/fd.js';
import { type Outcome, awaitOutcome, goOn } from '../native/launch.js';
import { Pidfd } from '../native/pidfd.js';
import { readReportPage } from '../native/report-page.js';
import { describeStep } from '../plan/describe.js';
import { hintFor } from '../plan/hints.js';
import { STARTING_STEPS, type Step } from '../plan/steps.js';
import { errnoName } from '../util/errno.js';
import { SIGNALS, signalName } from '../util/signals.js';
import { hookFailure } from './hook-failure.js';
import { type Listener, handOverListener } from './seccomp-listener.js';

/** The process of a launch under way: it may go on as another one, and hand over a terminal. */
export interface Running {
  pid: number;
  pidfd: Pidfd;
  terminal?: Fd;
}

/** What a launch is followed by. */
export interface Followed {
  readonly socketFd: number;
  readonly running: Running;
  /** Runs the hooks of the runtime. */
  readonly runHooks?: ((pid: number) => Promise<void>) | undefined;
  /** Who gets the notifications of its seccomp filter. */
  readonly listener?: Listener | undefined;
}

/**
 * Waits for the exec, or for the moment when only the start is missing. A process that enters a pid namespace goes on as
 * another one: `running` follows it.
 *
 * @returns how far it has come: to its exec, to where only the start is missing, or to where it needs another plan
 * @throws LaunchError or LaunchKilledError naming the step
 */
export async function follow(
  followed: Followed,
  steps: readonly Step[],
  reportFd: number,
): Promise<'started' | 'ready' | 'next plan'> {
  const { socketFd, running } = followed;
  for (;;) {
    const outcome = await awaitOutcome(socketFd);
    if (outcome.kind === 'ready' || outcome.kind === 'next plan') return outcome.kind;
    if (outcome.kind === 'started' || outcome.kind === 'failed') {
      checkOutcome(outcome, steps, { reportFd, pidfd: running.pidfd });
      return 'started';
    }
    await take(outcome, followed);
  }
}

async function take(outcome: Outcome, { socketFd, running, runHooks, listener }: Followed): Promise<void> {
  if (outcome.kind === 'pid') {
    const before = running.pidfd;
    running.pid = outcome.pid;
    running.pidfd = Pidfd.adopt(outcome.pidfd);
    await before.wait();
    before.close();
  }
  if (outcome.kind === 'terminal') running.terminal = new Fd(outcome.fd);
  if (outcome.kind === 'listener') {
    await handOverListener(new Fd(outcome.fd), running.pid, listener);
    goOn(socketFd);
  }
  if (outcome.kind === 'synchronize') {
    await runHooks?.(running.pid);
    goOn(socketFd);
  }
}

/** @throws LaunchError or LaunchKilledError unless the workload was exec'd */
function checkOutcome(
  outcome: Outcome,
  steps: readonly Step[],
  { reportFd, pidfd }: { readonly reportFd: number; readonly pidfd: Pidfd },
): void {
  if (outcome.kind === 'failed') throw launchError({ index: outcome.step, errno: outcome.errno }, steps, reportFd);
  const { phase, step: index, errno } = readReportPage(reportFd);
  // A filter that forbids sendmsg keeps the message back; the page cannot be forbidden.
  if (phase === 'failed') throw launchError({ index, errno }, steps, reportFd);
  if (phase !== 'running' && phase !== 'created') return;
  const step = index === undefined ? undefined : steps[index];
  if (phase === 'running' && step !== undefined && STARTING_STEPS.includes(step.op)) return;
  const signal = pidfd.poll()?.signal ?? SIGNALS.SIGKILL;
  const action = phase === 'created' || step === undefined ? 'start of corral-init' : describeStep(step);
  throw new LaunchKilledError(signalName(signal), index ?? -1, action);
}

/** Says which step has failed, and why. @param reportFd - of the report page, which knows more of a hook */
export function launchError(
  { index, errno }: { readonly index: number | undefined; readonly errno: number },
  steps: readonly Step[],
  reportFd: number,
): Error {
  const step = index === undefined ? undefined : steps[index];
  if (index === undefined || step === undefined) {
    return new ContainerError(`corral-init refuses the plan: ${errnoName(errno)}`, 'ERR_PLAN');
  }
  if (step.op === 'run-hook') return hookFailure(reportFd, { steps, index, step, errno });
  const hint = hintFor(step, errnoName(errno));
  return new LaunchError({ action: describeStep(step), errno, stepIndex: index, op: step.op }, { hint });
}
