import type { HostFacts } from '../host/facts.js';
import type { FdPlan, IdMapPlan, ParentAct } from '../plan/types.js';
import type { Step } from '../plan/steps.js';
import { ANNOTATIONS, isEngines } from '../spec/annotations.js';
import type { Namespace, Process, Spec } from '../spec/types.js';
import { type Within, withinAnnotation, withinOf } from '../spec/within.js';
import { CLONE } from '../util/linux.js';
import { checkProcess } from './check-engine.js';
import { FLAG_OF } from './clone.js';
import type { Context } from './context.js';
import { engineActs, engineKeyring, engineSurroundings, preservedFds } from './engine-process.js';
import { becomeRoot } from './ids.js';
import { capabilityNotes, compileCredentials, compileExecutable, compileInit, compileSurroundings } from './process.js';
import { hasNamespace } from './questions.js';
import { compileConfined, enterRoot, withinActs } from './within.js';
import { compileFinalAffinity, compileInitialAffinity } from './scheduling.js';
import { openRoot, streamFds } from './terminal.js';

/** The slot of the pidfd of the container that is entered. */
const CONTAINER = 'container';

/** What a process that enters a container does. */
export interface ExecPlan {
  readonly clone: { readonly flags: readonly string[] };
  readonly fds: readonly FdPlan[];
  readonly steps: readonly Step[];
  readonly acts?: readonly ParentAct[];
  /** What of the process's capabilities cannot be granted, in words. */
  readonly notes: readonly string[];
}

/** What {@link compileExec} works from, beside what is to run and where. */
export interface ExecContext {
  readonly facts: HostFacts;
  readonly idMaps?: IdMapPlan | undefined;
  readonly alone?: boolean;
  /** The container's id, after which an engine's containers name their session keyring. */
  readonly id?: string;
  /** How many descriptors from 3 on the process gets of those that the runtime was started with. */
  readonly preserveFds?: number;
}

/**
 * Compiles the entry of a further process into a running container: the same steps as for its first process, with the
 * namespaces joined and not made.
 *
 * @param spec - the container's
 * @param process - what is to run, completed from the container's own
 * @param options - `alone`: it has no cgroup of its own, and an init of its own kills what it starts
 */
export function compileExec(
  spec: Spec,
  process: Process,
  { facts, idMaps, alone = false, id = '', preserveFds = 0 }: ExecContext,
): ExecPlan {
  const engine = isEngines(spec);
  if (engine) checkProcess({ process, linux: spec.linux }, facts);
  // A host that refuses user namespaces has given none: entering one's own is EINVAL, setns(2).
  const within = withinOf(spec);
  const namespaces = spec.linux.namespaces.filter(
    ({ type }) => engine || type !== 'user' || idMaps !== undefined || within !== undefined,
  );
  const context: Context = {
    id,
    // An entered process mounts nothing, and has no init of its own: the container's reaps what it leaves behind, and a
    // cgroup of its own holds it together. And it is its caller's: whatever the container's own way of ending is, nobody else
    // waits for this one. An engine's stays.
    spec: {
      ...spec,
      process,
      mounts: [],
      // What moves into the container's namespaces is there already.
      linux: { ...spec.linux, namespaces, netDevices: {} },
      annotations: engine
        ? ownAnnotations(spec, preserveFds)
        : {
            [ANNOTATIONS.dieWithParent]: 'true',
            ...(alone ? { [ANNOTATIONS.init]: 'true' } : {}),
            ...withinEntered(within),
          },
    },
    facts,
    ids: { ...(idMaps === undefined ? {} : { maps: idMaps }), shifted: false, notes: [] },
  };
  const enters = namespaces.length > 0;
  const acts = [...engineActs(context), ...withinActs(context)];
  return {
    clone: { flags: [] },
    notes: engine ? capabilityNotes(context) : [],
    ...(acts.length === 0 ? {} : { acts }),
    fds: [
      { slot: 'report', kind: 'report' },
      ...streamFds(context.spec),
      ...(enters ? [{ slot: CONTAINER, kind: 'pidfd' } as const] : []),
      ...(within === undefined ? [] : (enterRoot(NOT_THERE).fds ?? [])),
      ...preservedFds(context.spec),
    ],
    steps: within === undefined ? enterAsRoot(context, spec) : enterConfined(context, spec),
  };
}

/** The directory in which an exec starts is one of a path. */
const NOT_THERE = { inCallersDirectory: false } as const;

const withinEntered = (within: Within | undefined): Readonly<Record<string, string>> =>
  within === undefined ? {} : withinAnnotation({ ...within, ...NOT_THERE });

function enterConfined(context: Context, container: Spec): readonly Step[] {
  return [...join(context), ...enterRoot(NOT_THERE).steps, ...compileConfined(context, 'children', container)];
}

function enterAsRoot(context: Context, container: Spec): readonly Step[] {
  const { process } = context.spec;
  const engine = isEngines(container);
  return [
    ...(engine ? compileInitialAffinity(process) : []),
    ...(context.spec.linux.namespaces.length > 0 ? join(context) : []),
    ...engineKeyring(context, { entering: true }),
    ...engineSurroundings(context),
    // Of these alone: the first process of a container stays where its cgroup has it.
    ...(engine ? compileFinalAffinity(process) : []),
    ...compileSurroundings(context),
    ...compileExecutable(context),
    ...compileInit(context, 'children'),
    // An init of its own ends no namespace with it.
    ...compileCredentials(context, { endsNamespace: false, waits: false, filtered: container }),
  ];
}

// Those that say how the process is started, and not what the container is.
function ownAnnotations({ annotations }: Spec, preserveFds: number): Readonly<Record<string, string>> {
  const keyring = annotations[ANNOTATIONS.noNewKeyring];
  return {
    [ANNOTATIONS.engine]: 'true',
    [ANNOTATIONS.preserveFds]: String(preserveFds),
    ...(keyring === undefined ? {} : { [ANNOTATIONS.noNewKeyring]: keyring }),
  };
}

function join(context: Context): readonly Step[] {
  const { namespaces } = context.spec.linux;
  const [first, rest] = splitByOwner(context);
  return [
    ...[first, rest].flatMap((some): readonly Step[] =>
      some.length === 0 ? [] : [{ op: 'join-namespaces', namespaces: CONTAINER, flags: flagsOf(some) }],
    ),
    // setns(2) puts only later children into the pid namespace.
    ...(namespaces.some(({ type }) => type === 'pid') ? [{ op: 'enter-pid-namespace' } as const] : []),
    ...becomeRoot(context),
    ...changeRoot(context),
    // Inside another container it is open already.
    ...(withinOf(context.spec) === undefined ? openRoot(context) : []),
  ];
}

// In the container's user namespace there may be no right to what the container itself has joined from outside: that goes
// first. Joined in one go, all of them would be measured by the rights there, setns(2).
function splitByOwner({ spec, facts }: Context): readonly [readonly Namespace[], readonly Namespace[]] {
  const { namespaces } = spec.linux;
  if (!facts.caller.privileged || !hasNamespace(spec, 'user')) return [[], namespaces];
  const isConfined = withinOf(spec) !== undefined;
  const isOutside = ({ type, path }: Namespace): boolean =>
    path !== undefined && type !== 'user' && (type !== 'mount' || isConfined);
  return [namespaces.filter(isOutside), namespaces.filter((namespace) => !isOutside(namespace))];
}

function flagsOf(namespaces: readonly Namespace[]): number {
  return namespaces.reduce((bits, { type }) => bits | CLONE[FLAG_OF[type]], 0);
}

// Of a container in the caller's mount namespace nothing but its root is its own.
function changeRoot({ spec }: Context): readonly Step[] {
  if (!isEngines(spec) || hasNamespace(spec, 'mount') || spec.root.path === '/') return [];
  return [
    { op: 'open-directory', root: undefined, path: spec.root.path, directory: NEW_ROOT },
    { op: 'change-root', root: NEW_ROOT },
  ];
}

/** The slot of the directory that becomes the root. */
const NEW_ROOT = 'new-root';
