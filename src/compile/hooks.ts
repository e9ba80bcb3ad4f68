import type { SlotName, Step } from '../plan/steps.js';
import type { FdPlan } from '../plan/types.js';
import { bundleOf, isEngines } from '../spec/annotations.js';
import { toEngineState } from '../spec/state.js';
import type { Spec } from '../spec/types.js';
import type { Hook } from '../spec/hooks.js';

/** The slot of the FIFO that the start is written to. */
const START: SlotName = 'start';

/** Hooks that corral-init runs itself, because they run in the container's namespaces. */
type OwnHooks = 'createContainer' | 'startContainer';

/** What the hooks are told while they run. */
const STATUS = { createContainer: 'creating', startContainer: 'created' } as const satisfies Record<OwnHooks, string>;

/**
 * Returns the steps at the point where the container is mounted, and not yet entered: those who run hooks in the runtime's
 * namespaces are waited for.
 *
 * @see runtime-spec 1.3.0, config.md "POSIX-platform Hooks"
 */
export function compileCreateHooks(id: string, spec: Spec): readonly Step[] {
  const { prestart = [], createRuntime = [] } = spec.hooks ?? {};
  const waits = prestart.length + createRuntime.length > 0;
  return [...(waits ? [{ op: 'synchronize' } as const] : []), ...compileHooks(id, spec, 'createContainer')];
}

/** Returns the steps at the point where nothing is missing but the start: an engine gives it when it likes. */
export function compileStart(id: string, spec: Spec): readonly Step[] {
  if (!isEngines(spec)) return [];
  return [{ op: 'await-start', start: START }, ...compileHooks(id, spec, 'startContainer')];
}

/** The descriptor by which the start comes. */
export function startFds(spec: Spec): readonly FdPlan[] {
  return isEngines(spec) ? [{ slot: START, kind: 'start' }] : [];
}

function compileHooks(id: string, spec: Spec, kind: OwnHooks): readonly Step[] {
  const hooks = spec.hooks?.[kind] ?? [];
  if (hooks.length === 0) return [];
  const [state, state_end] = cutState(id, spec, STATUS[kind]);
  return hooks.map(({ path, args, env, timeout }: Hook) => ({
    op: 'run-hook',
    path,
    argv: args === undefined || args.length === 0 ? [path] : args,
    environment: env ?? [],
    timeout: timeout === undefined ? 0 : timeout * 1000,
    state,
    state_end,
  }));
}

/** A number that no state has otherwise: the place of the pid, which only corral-init knows. */
const HOLE = -1;

function cutState(id: string, spec: Spec, status: 'creating' | 'created'): readonly [string, string] {
  const { ociVersion, annotations } = spec;
  const text = JSON.stringify(
    toEngineState({ ociVersion, id, status, pid: HOLE, bundle: bundleOf(spec), annotations }),
  );
  const mark = `"pid":${String(HOLE)}`;
  const at = text.indexOf(mark) + mark.length - String(HOLE).length;
  return [text.slice(0, at), text.slice(at + String(HOLE).length)];
}
