import type { CallerFacts, HostFacts } from '../host/facts.js';
import type { SlotName, Step } from '../plan/steps.js';
import type { CgroupPlan, FdPlan } from '../plan/types.js';
import { ANNOTATIONS, diesWithParent } from '../spec/annotations.js';
import type { Process, Spec } from '../spec/types.js';
import { RLIMIT, SECCOMP_FLAG, capabilityMask } from '../util/linux.js';
import type { Context, IdPlan } from './context.js';
import { compileFilter } from './filter.js';
import { compileStart } from './hooks.js';
import { NOTES } from './notes.js';
import { hasNamespace, hasTerminal, kernelAtLeast } from './questions.js';
import { compileStreams } from './terminal.js';
import { SIGNALS } from '../util/signals.js';

/** What the process is given before it becomes anybody else: a session, its streams. */
export function compileSurroundings(context: Context): readonly Step[] {
  const { spec } = context;
  const { oomScoreAdj } = spec.process;
  return [
    ...(oomScoreAdj === undefined ? [] : [{ op: 'set-oom-score-adj', value: oomScoreAdj } as const]),
    { op: 'set-umask', mask: spec.process.user.umask },
    // A session of its own has no controlling terminal: nothing inside can push input into the caller's (TIOCSTI).
    { op: 'new-session' },
    // A terminal belongs to the session of the command alone: an init that stays never has it.
    ...(hasTerminal(spec) && hasInit(spec) ? [] : compileStreams(context)),
  ];
}

/** Where the process starts and what it runs: looked up early, so that a missing program is found before anything runs. */
export function compileExecutable({ spec }: Context): readonly Step[] {
  const { cwd, args, env } = spec.process;
  return [
    { op: 'change-directory', root: undefined, path: cwd },
    { op: 'find-executable', file: args[0] ?? '', path: searchPath(env) },
  ];
}

function searchPath(env: readonly string[]): string {
  return env.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? '';
}

/** The slot of the file by which the init kills the container when nobody else would. */
const GUARD: SlotName = 'cgroup.kill';

/** SIGRTMAX: the init can catch it, to have the time for the others, and nobody sends it for anything else. */
const PARENT_DIED = 64;

/**
 * What the init does so that nothing outlives the container. A pid namespace ends with its first process, but without one the
 * kernel ends nobody but the process that asked for it.
 *
 * `cgroup.kill`: it writes to that file when its parent has died. `orphans`: it then kills its children one by one, where there
 * is no such file. `children`: it does that in any case, where nobody else could.
 */
export type Guarding = 'none' | 'cgroup.kill' | 'orphans' | 'children';

/** Chooses it for the first process of a container. */
export function selectGuarding({ spec, facts }: Context, cgroup: CgroupPlan): Guarding {
  if (!hasInit(spec) || hasNamespace(spec, 'pid')) return 'none';
  if (cgroup.v2 === undefined && cgroup.v1.length === 0) return 'children';
  if (!diesWithParent(spec)) return 'none';
  return cgroup.v2 !== undefined && kernelAtLeast(facts, [5, 14]) ? 'cgroup.kill' : 'orphans';
}

/** The descriptor that the init needs for it. */
export function guardFds(guarding: Guarding): readonly FdPlan[] {
  return guarding === 'cgroup.kill' ? [{ slot: GUARD, kind: 'cgroup-kill' }] : [];
}

/** corral-init stays as the first process; what follows happens in its child. */
export function compileInit(context: Context, guarding: Guarding): readonly Step[] {
  const { spec } = context;
  if (!hasInit(spec)) return [];
  const keeps = guarding === 'orphans' || guarding === 'children';
  return [
    ...(keeps ? [{ op: 'keep-children', always: guarding === 'children' ? 1 : 0 } as const] : []),
    ...parentDeath(spec, guarding === 'none' ? SIGNALS.SIGKILL : PARENT_DIED),
    { op: 'stay-as-init', guard: guarding === 'cgroup.kill' ? GUARD : undefined },
    { op: 'new-session' },
    ...(hasTerminal(spec) ? compileStreams(context) : []),
  ];
}

/** Says which capabilities were asked for and cannot be had: a warning, not an error, as the runtime-spec has it. */
export function capabilityNotes({ spec, ids, facts }: Context): readonly string[] {
  const { bounding } = spec.process.capabilities;
  const missing = bounding.filter((name) => (capabilityMask([name]) & grantable(ids, facts)) === 0n);
  if (spec.linux.namespaces.length === 0 || missing.length === 0) return [];
  return [NOTES.capabilitiesMissing(missing.join(', '))];
}

/** Tells whether corral-init stays as the container's first process. */
export function hasInit(spec: Spec): boolean {
  return spec.annotations[ANNOTATIONS.init] === 'true';
}

interface CredentialOptions {
  readonly endsNamespace?: boolean;
  /** For a start that an engine gives. */
  readonly waits?: boolean;
  /** Whose filter of system calls it gets. */
  readonly filtered?: Spec;
}

/**
 * Its limits, who the process is, and the exec.
 *
 * The bounding set goes first: it takes CAP_SETPCAP, which set-user's credentials may lack.
 */
export function compileCredentials(
  { id, spec, ids, facts }: Context,
  { endsNamespace = hasInit(spec) && hasNamespace(spec, 'pid'), waits = true, filtered = spec }: CredentialOptions = {},
): readonly Step[] {
  const { process } = spec;
  const full = spec.linux.namespaces.length > 0;
  const filter = placeFilter(compileFilter(filtered, facts), process);
  return [
    // Once nothing has to be opened any more: with `nofile=10`, corral-init itself would run out of descriptors.
    ...process.rlimits.map(({ type, soft, hard }): Step => {
      return { op: 'set-rlimit', resource: RLIMIT[type as keyof typeof RLIMIT], soft, hard };
    }),
    ...filter.first,
    ...(full ? [boundingSet(process, grantable(ids, facts))] : []),
    ...(full || changesUser(process, facts.caller) ? [user(process, ids.maps?.setgroups !== 'deny')] : []),
    ...(full ? [capabilities(process, grantable(ids, facts))] : []),
    ...(process.noNewPrivileges ? [{ op: 'set-no-new-privileges' } as const] : []),
    // Changing ids clears the signal, prctl(2): so this comes after. The first process of a pid namespace takes its children
    // along anyway.
    ...(endsNamespace ? [] : parentDeath(spec, SIGNALS.SIGKILL)),
    { op: 'close-descriptors', first: 3 },
    ...filter.beforeStart,
    ...(waits ? compileStart(id, spec) : []),
    ...filter.last,
    { op: 'exec', argv: process.args, environment: process.env },
  ];
}

type FilterPlace = 'first' | 'beforeStart' | 'last';

// As late as can be, so that the profile need not allow more than the command itself calls: then only the exec comes after it.
// But without no_new_privs it takes CAP_SYS_ADMIN, which is about to be given up; the profile must allow what comes after, as
// with runc. And who is to get its notifications gets them from the process that makes the container, which is gone by the start.
function placeFilter(
  filter: readonly Step[],
  { noNewPrivileges }: Process,
): Readonly<Record<FilterPlace, readonly Step[]>> {
  const notifies = filter.some((step) => step.op === 'set-seccomp' && hasListener(step.flags));
  const place: FilterPlace = !noNewPrivileges ? 'first' : notifies ? 'beforeStart' : 'last';
  return { first: [], beforeStart: [], last: [], [place]: filter };
}

function hasListener(flags: number | bigint): boolean {
  return (Number(flags) & SECCOMP_FLAG.NEW_LISTENER) !== 0;
}

// Only who may set groups is asked to: for everybody else they stay as they are.
function changesUser({ user: { uid, gid, additionalGids } }: Process, caller: CallerFacts): boolean {
  const others = (groups: readonly number[]): string =>
    [...new Set(groups)]
      .filter((group) => group !== gid)
      .sort()
      .join();
  const sameGroups = others(additionalGids) === others(caller.groups);
  return uid !== caller.uid || gid !== caller.gid || (caller.privileged && !sameGroups);
}

// Within a user namespace of its own the process has them all; without one, only what the caller has can be passed on.
function grantable({ maps }: IdPlan, { caller }: HostFacts): bigint {
  return maps === undefined ? caller.capabilities : ~0n;
}

function boundingSet({ capabilities: { bounding } }: Process, granted: bigint): Step {
  return { op: 'set-bounding-capabilities', keep: capabilityMask(bounding) & granted };
}

function user({ user: { uid, gid, additionalGids } }: Process, setgroups: boolean): Step {
  return { op: 'set-user', uid, gid, groups: additionalGids, setgroups: setgroups ? 1 : 0 };
}

function capabilities({ capabilities: sets }: Process, granted: bigint): Step {
  return {
    op: 'set-capabilities',
    effective: capabilityMask(sets.effective) & granted,
    permitted: capabilityMask(sets.permitted) & granted,
    inheritable: capabilityMask(sets.inheritable) & granted,
    ambient: capabilityMask(sets.ambient) & granted,
  };
}

function parentDeath(spec: Spec, signal: number): readonly Step[] {
  if (!diesWithParent(spec)) return [];
  return [{ op: 'set-parent-death-signal', signal }];
}
