import { closeSync, openSync } from 'node:fs';
import { compileStart } from '../../compile/hooks.js';
import { LaunchKilledError } from '../../errors/launch-error.js';
import { HookError } from '../../errors/hook-error.js';
import { StateError } from '../../errors/state-errors.js';
import { readReportPage } from '../../native/report-page.js';
import { describeStep } from '../../plan/describe.js';
import { STARTING_STEPS, type Step } from '../../plan/steps.js';
import { claimAbandoned } from '../clearing.js';
import { launchError } from '../follow.js';
import type { State } from '../state.js';
import { reportPath, startPath } from '../state-file.js';
import type { Store } from '../store.js';
import { destroyContainer } from './destroy.js';
import { runHooks } from './hooks.js';
import { giveStart, openStartFile } from './start-file.js';
import { describeAs, readStatus } from './status.js';

/**
 * Starts a container that was created, and waits until its process has become what the spec says.
 *
 * @param warn - is told of the poststop hooks that fail
 * @throws NotFoundError; StateError unless it waits for its start; LaunchError for what has failed: it is stopped then; HookError:
 *   it is no more, and its poststop hooks have been run
 * @see runtime-spec 1.3.0, runtime.md "Start", and "Lifecycle", steps 7 and 9
 */
export async function startEngineContainer(store: Store, id: string, warn: (text: string) => void): Promise<void> {
  const state = store.get(id);
  // Two that start it at once: the second finds nobody waiting.
  const owned = await claimAbandoned(store, id);
  try {
    // One that is paused would not see the start before it goes on.
    const isHeld = owned === undefined || readStatus(store, state) === 'paused';
    const fifo = isHeld ? undefined : openStartFile(startPath(store.path(id)));
    if (fifo === undefined) throw new StateError('start', id, readStatus(store, state));
    try {
      await giveStart(fifo);
    } finally {
      closeSync(fifo);
    }
    checkStarted(store, state);
    await runHooks('poststart', state.spec.hooks, describeAs(state, 'running', state.init?.pid));
  } catch (error) {
    if (owned === undefined || !(error instanceof HookError)) {
      owned?.release();
      throw error;
    }
    for (const { message } of await destroyContainer(owned, state)) warn(message);
    throw error;
  }
  owned?.release();
}

function checkStarted(store: Store, state: State): void {
  const fd = openSync(reportPath(store.path(state.id)), 'r');
  try {
    const steps = lastSteps(state);
    const report = readReportPage(fd);
    const index = report.step === undefined ? undefined : report.step - (state.startStep ?? 0);
    if (report.phase === 'failed') throw launchError({ index, errno: report.errno }, steps, fd);
    const step = index === undefined ? undefined : steps[index];
    if (step !== undefined && STARTING_STEPS.includes(step.op)) return;
    // By which signal only its parent is told.
    throw new LaunchKilledError(undefined, index ?? -1, step === undefined ? 'start' : describeStep(step));
  } finally {
    closeSync(fd);
  }
}

// The plan itself is not kept; how it ends follows from the spec.
function lastSteps({ id, spec, startStep = 0, execStep = 0 }: State): readonly Step[] {
  const { args: argv, env: environment } = spec.process;
  const start = compileStart(id, spec);
  const isFiltered = execStep - startStep > start.length;
  const filter: Step = { op: 'set-seccomp', profile: '', flags: 0, program: new Uint8Array() };
  return [...start, ...(isFiltered ? [filter] : []), { op: 'exec', argv, environment }];
}
