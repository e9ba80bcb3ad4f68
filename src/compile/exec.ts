import type { HostFacts } from '../host/facts.js';
import type { IdMapPlan } from '../plan/types.js';
import type { FdPlan } from '../plan/types.js';
import type { Step } from '../plan/steps.js';
import { ANNOTATIONS, isEngines } from '../spec/annotations.js';
import type { Process, Spec } from '../spec/types.js';
import { CLONE } from '../util/linux.js';
import { FLAG_OF } from './clone.js';
import type { Context } from './context.js';
import { hasNamespace } from './questions.js';
import { becomeRoot } from './ids.js';
import { compileCredentials, compileExecutable, compileInit, compileSurroundings } from './process.js';
import { openRoot, streamFds } from './terminal.js';

/** The slot of the pidfd of the container that is entered. */
const CONTAINER = 'container';

/** What a process that enters a container does. */
export interface ExecPlan {
  readonly clone: { readonly flags: readonly string[] };
  readonly fds: readonly FdPlan[];
  readonly steps: readonly Step[];
}

/** What {@link compileExec} works from, beside what is to run and where. */
export interface ExecContext {
  readonly facts: HostFacts;
  readonly idMaps?: IdMapPlan | undefined;
  readonly alone?: boolean;
}

/**
 * Compiles the entry of a further process into a running container: the same steps as for its first process, with the
 * namespaces joined and not made.
 *
 * @param spec - the container's
 * @param process - what is to run, completed from the container's own
 * @param options - `alone`: it has no cgroup of its own, and an init of its own kills what it starts
 */
export function compileExec(spec: Spec, process: Process, { facts, idMaps, alone = false }: ExecContext): ExecPlan {
  // A host that refuses user namespaces has given none: entering one's own is EINVAL, setns(2).
  const namespaces = spec.linux.namespaces.filter(({ type }) => type !== 'user' || idMaps !== undefined);
  const context: Context = {
    id: '',
    // An entered process mounts nothing, and has no init of its own: the container's reaps what it leaves behind, and a
    // cgroup of its own holds it together. And it is its caller's: whatever the container's own way of ending is, nobody else
    // waits for this one. An engine's stays.
    spec: {
      ...spec,
      process,
      mounts: [],
      linux: { ...spec.linux, namespaces },
      annotations: isEngines(spec)
        ? { [ANNOTATIONS.engine]: 'true' }
        : { [ANNOTATIONS.dieWithParent]: 'true', ...(alone ? { [ANNOTATIONS.init]: 'true' } : {}) },
    },
    facts,
    ids: { ...(idMaps === undefined ? {} : { maps: idMaps }), shifted: false, notes: [] },
  };
  const enters = namespaces.length > 0;
  return {
    clone: { flags: [] },
    fds: [
      { slot: 'report', kind: 'report' },
      ...streamFds(context.spec),
      ...(enters ? [{ slot: CONTAINER, kind: 'pidfd' } as const] : []),
    ],
    steps: [
      ...(enters ? join(context) : []),
      ...compileSurroundings(context),
      ...compileExecutable(context),
      ...compileInit(context, 'children'),
      // An init of its own ends no namespace with it.
      ...compileCredentials(context, { endsNamespace: false, waits: false, filtered: spec }),
    ],
  };
}

function join(context: Context): readonly Step[] {
  const flags = context.spec.linux.namespaces.reduce((bits, { type }) => bits | CLONE[FLAG_OF[type]], 0);
  return [
    { op: 'join-namespaces', namespaces: CONTAINER, flags },
    // setns(2) puts only later children into the pid namespace.
    ...(hasNamespace(context.spec, 'pid') ? [{ op: 'enter-pid-namespace' } as const] : []),
    ...becomeRoot(context),
    ...openRoot(context),
  ];
}
