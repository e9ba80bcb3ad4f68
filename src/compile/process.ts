import type { CallerFacts } from '../host/facts.js';
import { KEPT } from '../plan/kept.js';
import type { SlotName, Step } from '../plan/steps.js';
import type { CgroupPlan, FdPlan } from '../plan/types.js';
import { diesWithParent, hasInit, isEngines } from '../spec/annotations.js';
import type { Process, Spec } from '../spec/types.js';
import { withinOf } from '../spec/within.js';
import { SECCOMP_FLAG, capabilityMask } from '../util/linux.js';
import type { Context } from './context.js';
import {
  type GrantedCapabilities,
  actAsUser,
  engineCapabilityNotes,
  engineEnvironment,
  enterDirectory,
  firstClosed,
  grantCapabilities,
  lastOf,
  rlimitNumber,
} from './engine-process.js';
import { compileFilter } from './filter.js';
import { compileStart, startFds } from './hooks.js';
import { compileKeeping, selectKeeping } from './keeping.js';
import { NOTES } from './notes.js';
import { hasNamespace, hasTerminal, joinsNamespace, kernelAtLeast } from './questions.js';
import { compileStreams } from './terminal.js';
import { SIGNALS } from '../util/signals.js';

/** What the process is given before it becomes anybody else: a session, its streams. */
export function compileSurroundings(context: Context): readonly Step[] {
  const { spec } = context;
  const { oomScoreAdj } = spec.process;
  return [
    // An engine's is set by the parent, and so is that of somebody in another container.
    ...(oomScoreAdj === undefined || isEngines(spec) || withinOf(spec) !== undefined
      ? []
      : [{ op: 'set-oom-score-adj', value: oomScoreAdj } as const]),
    { op: 'set-umask', mask: spec.process.user.umask },
    // A session of its own has no controlling terminal: nothing inside can push input into the caller's (TIOCSTI).
    { op: 'new-session' },
    // A terminal belongs to the session of the command alone: an init that stays never has it.
    ...(hasTerminal(spec) && hasInit(spec) ? [] : compileStreams(context)),
  ];
}

/** Where the process starts and what it runs: looked up early, so that a missing program is found before anything runs. */
export function compileExecutable({ spec }: Context): readonly Step[] {
  // An engine's is looked up with the rights of the container's user: see compileCredentials().
  if (isEngines(spec)) return [];
  const { cwd } = spec.process;
  return [{ op: 'change-directory', root: undefined, path: cwd }, findExecutable(spec)];
}

/** Looks up the program by the path of the environment that it gets. */
export function findExecutable({ process: { args, env } }: Spec): Step {
  return { op: 'find-executable', file: args[0] ?? '', path: lastOf(env, 'PATH') };
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
    ...compileKeeping(context),
    ...parentDeath(spec, guarding === 'none' ? SIGNALS.SIGKILL : PARENT_DIED),
    { op: 'stay-as-init', guard: guarding === 'cgroup.kill' ? GUARD : undefined },
    { op: 'new-session' },
    ...(hasTerminal(spec)
      ? compileStreams(context, selectKeeping(context).terminal ? KEPT.terminal.slot : undefined)
      : []),
  ];
}

/** Says which capabilities were asked for and cannot be had: a warning, not an error, as the runtime-spec has it. */
export function capabilityNotes(context: Context): readonly string[] {
  const { spec } = context;
  if (isEngines(spec)) return engineCapabilityNotes(spec.process.capabilities, grantable(context));
  const { bounding } = spec.process.capabilities;
  const missing = bounding.filter((name) => (capabilityMask([name]) & grantable(context)) === 0n);
  if (spec.linux.namespaces.length === 0 || missing.length === 0) return [];
  return [NOTES.capabilitiesMissing(missing.join(', '))];
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
export function compileCredentials(context: Context, options: CredentialOptions = {}): readonly Step[] {
  const { spec, facts } = context;
  const { process } = spec;
  const { endsNamespace = hasInit(spec) && hasNamespace(spec, 'pid'), waits = true, filtered = spec } = options;
  const filter = placeFilter(compileFilter(filtered, facts), process);
  return [
    ...enterDirectory(context, waits ? startFds(spec)[0]?.slot : undefined),
    // Once nothing has to be opened any more: with `nofile=10`, corral-init itself would run out of descriptors.
    ...setRlimits(process),
    ...filter.first,
    ...becomeUser(context),
    ...(process.noNewPrivileges ? [{ op: 'set-no-new-privileges' } as const] : []),
    // Changing ids clears the signal, prctl(2): so this comes after. The first process of a pid namespace takes its children
    // along anyway.
    ...(endsNamespace ? [] : parentDeath(spec, SIGNALS.SIGKILL)),
    { op: 'close-descriptors', first: firstClosed(spec) },
    ...filter.beforeStart,
    ...(waits ? compileStart(context.id, spec) : []),
    ...filter.last,
    { op: 'exec', argv: process.args, environment: environmentOf(spec) },
  ];
}

/** Sets its resource limits. */
export function setRlimits(process: Process): readonly Step[] {
  return process.rlimits.map(({ soft, hard }, index): Step => {
    return { op: 'set-rlimit', resource: rlimitNumber(process, index), soft, hard };
  });
}

/** Gives up all rights that the process is not to have. */
export function becomeUser(context: Context): readonly Step[] {
  const { spec, facts } = context;
  const { process } = spec;
  const engine = isEngines(spec);
  const full = engine || spec.linux.namespaces.length > 0;
  const granted = grantCapabilities(process.capabilities, grantable(context));
  return [
    ...(full ? [boundingSet(granted)] : []),
    ...(engine ? [{ op: 'own-standard-streams', uid: process.user.uid } as const] : []),
    ...(full || changesUser(process, facts.caller) ? [user(process, setsGroups(context))] : []),
    ...actAsUser(context),
    ...(full ? [capabilities(granted)] : []),
    ...(engine ? [findExecutable(spec)] : []),
  ];
}

function environmentOf(spec: Spec): readonly string[] {
  return isEngines(spec) ? engineEnvironment(spec.process.env) : spec.process.env;
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

// In a user namespace that is joined, a caller without privileges has the groups that it came with.
function setsGroups({ spec, ids, facts }: Context): boolean {
  if (joinsNamespace(spec, 'user')) return facts.caller.privileged;
  return ids.maps?.setgroups !== 'deny';
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
function grantable({ spec, ids: { maps }, facts: { caller } }: Context): bigint {
  return maps === undefined && !joinsNamespace(spec, 'user') ? caller.capabilities : ~0n;
}

function boundingSet({ bounding }: GrantedCapabilities): Step {
  return { op: 'set-bounding-capabilities', keep: bounding };
}

function user({ user: { uid, gid, additionalGids } }: Process, setgroups: boolean): Step {
  // An engine may name a group twice; the kernel would keep both.
  return { op: 'set-user', uid, gid, groups: [...new Set(additionalGids)], setgroups: setgroups ? 1 : 0 };
}

function capabilities({ effective, permitted, inheritable, ambient }: GrantedCapabilities): Step {
  return { op: 'set-capabilities', effective, permitted, inheritable, ambient };
}

function parentDeath(spec: Spec, signal: number): readonly Step[] {
  if (!diesWithParent(spec)) return [];
  return [{ op: 'set-parent-death-signal', signal }];
}
