import { UnsupportedError } from '../errors/unsupported-error.js';
import type { HostFacts } from '../host/facts.js';
import type { CgroupPlan, FdPlan, LaunchPlan, Placement } from '../plan/types.js';
import type { Step } from '../plan/steps.js';
import { ANNOTATIONS, disablesCgroups, hasInit, isEngines, nests } from '../spec/annotations.js';
import type { Spec } from '../spec/types.js';
import { withinOf } from '../spec/within.js';
import { MS_PRIVATE } from '../util/linux.js';
import { compileCgroup } from './cgroup.js';
import { checkEngine } from './check-engine.js';
import { compileClone } from './clone.js';
import type { Context, Part } from './context.js';
import { hasNamespace, isDev, isWithin, makesNamespace } from './questions.js';
import { NULL_DEVICE, compileDevices, compileNullDevice } from './devices.js';
import { compileEngineRoot, ownsMounts } from './engine/root.js';
import { type Exposure, exposures } from './exposed.js';
import { compileCreateHooks, startFds } from './hooks.js';
import { filterNotes } from './filter.js';
import { engineActs, engineKeyring, engineSurroundings, preservedFds } from './engine-process.js';
import { planIds } from './ids.js';
import { keepingNotes, keptFds } from './keeping.js';
import { compileMount } from './mounts.js';
import { compileConfined, enterRoot, withinActs } from './within.js';
import { NOTES, USERNS_HINT } from './notes.js';
import {
  type Guarding,
  capabilityNotes,
  compileCredentials,
  compileExecutable,
  compileInit,
  compileSurroundings,
  guardFds,
  selectGuarding,
} from './process.js';
import { compileReadonlyRoot, compileRootfs, isHostOverlay } from './rootfs.js';
import { ROOT, makeStage } from './stage.js';
import { streamFds } from './terminal.js';

/**
 * Compiles a spec into the plan of its launch: every decision is taken here, from what is known of the host.
 *
 * @param id - the container's id
 * @param wanted - its spec
 * @throws UnsupportedError when the spec asks for what this host cannot give
 */
export function compile(id: string, wanted: Spec, facts: HostFacts): LaunchPlan {
  return compileInStages(id, wanted, facts).complete();
}

/** A plan of which only what the clone needs has been thought out. */
export interface StagedPlan {
  readonly placement: Placement;
  /** The rest: can be done while the kernel makes the namespaces. @throws UnsupportedError as {@link compile} does */
  readonly complete: () => LaunchPlan;
}

/** Does what {@link compile} does, in two stages. */
export function compileInStages(id: string, wanted: Spec, facts: HostFacts): StagedPlan {
  if (isEngines(wanted)) checkEngine(wanted, facts);
  const { spec, notes } =
    isEngines(wanted) || withinOf(wanted) !== undefined
      ? { spec: wanted, notes: [] }
      : settleUserNamespace(wanted, facts);
  const ids = planIds(id, spec, facts);
  const context: Context = { id, spec, facts, ids };
  const cgroup = compileCgroup(id, spec, facts, ids);
  const { flags, joined, prelude, steps } = compileClone(context, cgroup);
  const placement = {
    id,
    cgroup,
    clone: { flags },
    ...(ids.maps === undefined ? {} : { idMaps: ids.maps }),
    ...(joined.length === 0 ? {} : { namespaces: joined }),
    ...(prelude.length === 0 ? {} : { prelude }),
  };
  const placementNotes = [...notes, ...cgroupNotes(context, cgroup), ...ids.notes];
  return {
    placement,
    complete: () => ({ ...placement, ...compileContent(context, placement, { steps, notes: placementNotes }) }),
  };
}

function compileContent(
  context: Context,
  { cgroup, namespaces = [], prelude }: Placement,
  before: { readonly steps: readonly Step[]; readonly notes: readonly string[] },
): Omit<LaunchPlan, keyof Placement> {
  const isolated = isEngines(context.spec) ? ownsMounts(context.spec) : hasNamespace(context.spec, 'mount');
  const root = compileRootOf(context, cgroup);
  const guarding = selectGuarding(context, cgroup);
  const acts = [...engineActs(context), ...withinActs(context)];
  return {
    fds: [
      { slot: 'report', kind: 'report' },
      ...streamFds(context.spec),
      ...(prelude === undefined ? namespaces : []).map(({ slot }): FdPlan => ({ slot, kind: 'namespace' })),
      ...(root.fds ?? []),
      ...guardFds(guarding),
      ...keptFds(context),
      ...startFds(context.spec),
      ...preservedFds(context.spec),
    ],
    ...(acts.length === 0 ? {} : { acts }),
    steps: [
      ...before.steps,
      ...engineKeyring(context),
      ...root.steps,
      ...(withinOf(context.spec) === undefined
        ? compileProcess(context, guarding, isolated)
        : compileConfined(context, guarding)),
    ],
    notes: [
      ...before.notes,
      ...capabilityNotes(context),
      ...filterNotes(context.spec, context.facts),
      ...keepingNotes(context),
      ...(root.notes ?? []),
    ],
  };
}

function compileProcess(context: Context, guarding: Guarding, isolated: boolean): readonly Step[] {
  return [
    ...compileIdentity(context),
    ...engineSurroundings(context),
    ...(isolated ? compileReadonlyPaths(context) : []),
    ...compileSurroundings(context),
    ...compileExecutable(context),
    ...compileInit(context, guarding),
    ...compileCredentials(context),
  ];
}

function compileRootOf(context: Context, cgroup: CgroupPlan): Part {
  const within = withinOf(context.spec);
  if (within !== undefined) return enterRoot(within);
  if (isEngines(context.spec)) return compileEngineRoot(context, cgroup);
  return hasNamespace(context.spec, 'mount') ? compileRoot(context) : { steps: [] };
}

// Root can do without a user namespace, as other runtimes do by default; for everybody else it is what makes the rest possible.
function settleUserNamespace(spec: Spec, facts: HostFacts): { readonly spec: Spec; readonly notes: readonly string[] } {
  const { refused } = facts.userns;
  const wantsUser = hasNamespace(spec, 'user');
  if (!facts.caller.privileged && !wantsUser && spec.linux.namespaces.length > 0) {
    throw new UnsupportedError('namespaces without a user namespace', 'root: CAP_SYS_ADMIN', {
      hint: 'leave userns private, or use isolation cgroup',
    });
  }
  if (refused === undefined || !wantsUser) return { spec, notes: [] };
  if (nests(spec)) {
    throw new UnsupportedError('a container that holds others', `a user namespace, and ${refused}`, {
      hint: USERNS_HINT,
    });
  }
  if (!facts.caller.privileged) {
    throw new UnsupportedError('a container of an unprivileged user', `a user namespace, and ${refused}`, {
      hint: USERNS_HINT,
    });
  }
  const namespaces = spec.linux.namespaces.filter(({ type }) => type !== 'user');
  return {
    spec: { ...spec, linux: { ...spec.linux, namespaces } },
    notes: [NOTES.noUserNamespace(refused)],
  };
}

// Without a cgroup, what is left is that a pid namespace dies with its first process. Without that, too, there is an init that
// kills what it is the parent of, or becomes the parent of.
function cgroupNotes({ spec, facts }: Context, cgroup: CgroupPlan): readonly string[] {
  const delegation = nests(spec) ? delegationNotes(spec, facts, cgroup) : [];
  if (cgroup.v2 !== undefined || cgroup.v1.length > 0) return delegation;
  const { text, hint } = facts.cgroup.problem ?? { text: 'no cgroup can be made', hint: undefined };
  if (hasNamespace(spec, 'pid') && disablesCgroups(spec)) return delegation;
  if (hasNamespace(spec, 'pid')) return [NOTES.noCgroup(text)];
  if (hasInit(spec)) return [NOTES.noCgroupNorPids(text)];
  throw new UnsupportedError('a container with neither a pid namespace nor an init', `a cgroup: ${text}`, { hint });
}

function delegationNotes(spec: Spec, { caller }: HostFacts, { v2 }: CgroupPlan): readonly string[] {
  if (v2 === undefined) return [NOTES.nothingDelegated()];
  return caller.privileged || spec.process.user.uid === 0 ? [] : [NOTES.rootsCgroup()];
}

/** The root filesystem and all that is mounted in it, up to the pivot. */
function compileRoot(context: Context): Part {
  const { spec } = context;
  const rootfs = compileRootfs(context);
  const mounts = compileMounts(context);
  const masked = [...spec.linux.maskedPaths, ...(rootfs.masked ?? [])];
  const parts = [rootfs, ...mounts, ...(spec.mounts.some(isDev) ? [] : [compileNullDevice()])];
  return {
    fds: parts.flatMap(({ fds }) => fds ?? []),
    notes: parts.flatMap(({ notes }) => notes ?? []),
    steps: [
      { op: 'set-propagation', path: '/', propagation: MS_PRIVATE },
      ...parts.flatMap(({ open }) => open ?? []),
      ...makeStage(),
      ...rootfs.steps,
      ...parts.slice(1).flatMap(({ steps }) => steps),
      ...masked.map((path): Step => ({ op: 'mask-path', root: ROOT, path, null: NULL_DEVICE })),
      ...makeWorkingDirectory(context),
      // A hook may still change the root filesystem.
      ...compileCreateHooks(context.id, spec),
      ...compileReadonlyRoot(
        context,
        parts.flatMap(({ steps }) => steps),
      ),
      { op: 'pivot-root', root: ROOT },
    ],
  };
}

// What is exposed lies on top of the default mounts (a private /tmp), and below what was mounted on purpose.
function compileMounts(context: Context): readonly Part[] {
  const pending: Exposure[] = isHostOverlay(context) ? [...exposures(context)] : [];
  const parts = context.spec.mounts.flatMap((mount, index): readonly Part[] => {
    const due = pending.filter(({ path }) => isWithin(mount.destination, path));
    due.forEach((exposure) => pending.splice(pending.indexOf(exposure), 1));
    const own = [compileMount(context, mount, index), ...(isDev(mount) ? [compileDevices()] : [])];
    return [...due.filter(({ path }) => path !== mount.destination), ...own];
  });
  return [...parts, ...pending];
}

// A working directory that the image lacks is made, as other runtimes do; in the host's own root it must be there.
function makeWorkingDirectory(context: Context): readonly Step[] {
  if (isHostOverlay(context) || context.spec.process.cwd === '/') return [];
  return [{ op: 'make-directory', root: ROOT, path: context.spec.process.cwd, mode: 0o755 }];
}

// After the kernel parameters have been written: /proc/sys is one of these paths.
function compileReadonlyPaths({ spec }: Context): readonly Step[] {
  return spec.linux.readonlyPaths.map((path) => ({ op: 'read-only-path', root: ROOT, path }));
}

/** What the other namespaces hold: names, kernel parameters, the loopback device. */
function compileIdentity({ spec }: Context): readonly Step[] {
  // In one that is joined, the loopback device is as its owner wants it.
  const loopback = makesNamespace(spec, 'network') && spec.annotations[ANNOTATIONS.loopback] !== 'down';
  const { hostname, domainname } = spec;
  return [
    ...(hostname === undefined ? [] : [{ op: 'set-hostname', name: hostname } as const]),
    ...(domainname === undefined ? [] : [{ op: 'set-domainname', name: domainname } as const]),
    ...(loopback ? [{ op: 'bring-up-loopback' } as const] : []),
    ...Object.entries(spec.linux.sysctl).map(([name, value]): Step => ({ op: 'write-sysctl', name, value })),
  ];
}
