import { closeSync } from 'node:fs';
import { NotFoundError } from '../../errors/state-errors.js';
import type { Spec } from '../../spec/types.js';
import { Fd } from '../../native/fd.js';
import { UndoStack } from '../../util/undo.js';
import { creatingState } from '../creating.js';
import { readIdentity } from '../identity.js';
import { type LaunchContext, type LaunchFaults, type LaunchedProcess, launchContainer } from '../launch.js';
import { launchInScope } from '../scoped.js';
import { Prepared } from '../prepare.js';
import { listenerOf } from '../seccomp-listener.js';
import type { OwnedState } from '../state-file.js';
import type { Store } from '../store.js';
import { type HandOverOptions, type StartedProcess, handOver } from './console.js';
import { runHooks, runPoststop } from './hooks.js';
import { makeStartFile } from './start-file.js';
import { describeAs } from './status.js';

/** What else `create` is told. */
export interface CreateOptions extends HandOverOptions {
  /** Is told of the poststop hooks that fail, where the container could not be created. */
  readonly warn: (text: string) => void;
  readonly faults?: LaunchFaults;
}

/**
 * Creates a container of an engine's: all is set up, and its first process waits for the start. Nobody has to stay: it is
 * the child of whoever reaps this process's orphans.
 *
 * @throws ConfigError, UnsupportedError, AlreadyExistsError, HookError; LaunchError naming the step that failed. Nothing is
 *   left then, and the poststop hooks have been run.
 * @see runtime-spec 1.3.0, runtime.md "Create"
 */
export async function createEngineContainer(
  store: Store,
  id: string,
  spec: Spec,
  options: CreateOptions,
): Promise<StartedProcess> {
  const prepared = new Prepared(id, spec);
  const undo = new UndoStack();
  const { faults } = options;
  const owned = store.create(creatingState(prepared));
  undo.push('remove state file', () => {
    owned.remove();
  });
  try {
    const launched = await launch(prepared, owned, { undo, faults });
    const terminal = await handOver(launched, options);
    undo.release();
    closeSync(launched.reportFd);
    owned.release();
    const warnings = [...prepared.plan.notes, ...launched.notes];
    return { pid: launched.pid, pidfd: launched.pidfd, terminal, warnings };
  } catch (error) {
    await undo.unwind();
    const stopped = describeAs(prepared, 'stopped', undefined);
    for (const { message } of await runPoststop(spec.hooks, stopped)) options.warn(message);
    throw error;
  }
}

async function launch(
  prepared: Prepared,
  owned: OwnedState,
  { undo, faults }: Pick<LaunchContext, 'undo' | 'faults'>,
): Promise<LaunchedProcess> {
  const { placement, spec } = prepared;
  const start = new Fd(makeStartFile(owned.useStartFile()));
  undo.push('close start file', () => {
    start.close();
  });
  const hook = (kind: 'prestart' | 'createRuntime', pid: number): Promise<void> =>
    runHooks(kind, spec.hooks, describeAs(prepared, 'creating', pid));
  const launchIt = placement.cgroup.scope === undefined ? launchContainer : launchInScope;
  const launched = await launchIt(
    { ...placement, content: () => prepared.plan },
    {
      undo,
      faults,
      streams: { stdin: 0, stdout: 1, stderr: 2 },
      reportFile: owned.useReportFile(),
      fds: new Map([['start', start.number]]),
      ...listenerOf(spec, (pid) => ({ id: prepared.id, status: 'creating', pid })),
      runHooks: async (pid) => {
        await hook('prestart', pid);
        await hook('createRuntime', pid);
      },
    },
    (cgroup) => {
      owned.update({ cgroup });
    },
  );
  const init = readIdentity(launched.pid);
  if (init === undefined) throw new NotFoundError(prepared.id);
  const { steps } = prepared.plan;
  const indexes = { startStep: steps.findIndex(({ op }) => op === 'await-start'), execStep: steps.length - 1 };
  owned.update({ status: 'created', init, cgroup: launched.cgroup, ...indexes });
  start.close();
  return launched;
}
