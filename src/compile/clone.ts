import type { CgroupPlan, NamespacePlan } from '../plan/types.js';
import type { Step } from '../plan/steps.js';
import type { Spec, SpecNamespaceType } from '../spec/types.js';
import { CLONE, type CloneFlag } from '../util/linux.js';
import type { Context } from './context.js';
import { becomeRoot } from './ids.js';
import { joinsNamespace, makesNamespace } from './questions.js';

/** The clone(2) flag of each type of namespace. */
export const FLAG_OF: Readonly<Record<SpecNamespaceType, CloneFlag>> = {
  user: 'CLONE_NEWUSER',
  mount: 'CLONE_NEWNS',
  pid: 'CLONE_NEWPID',
  ipc: 'CLONE_NEWIPC',
  uts: 'CLONE_NEWUTS',
  network: 'CLONE_NEWNET',
  cgroup: 'CLONE_NEWCGROUP',
  time: 'CLONE_NEWTIME',
};

/** How the process gets into its namespaces. */
export interface Entry {
  /** Those that it is born in. */
  readonly flags: readonly CloneFlag[];
  /** Those that are there already. */
  readonly joined: readonly NamespacePlan[];
  /** What it does before it can be given ids. */
  readonly prelude: readonly Step[];
  /** What it does first of all afterwards. */
  readonly steps: readonly Step[];
}

/**
 * Chooses the namespaces of the clone, and how the others are joined.
 *
 * A namespace can be joined by whom the user namespace that owns it gives the right to; and one that is made belongs to the
 * user namespace of its maker. So others are joined by the caller's rights, before the process is in a user namespace that is
 * joined or made, and new ones are made after that. A caller without privileges has rights only in the user namespace that it joins.
 */
export function compileClone(context: Context, cgroup: CgroupPlan): Entry {
  const { spec } = context;
  const joined = joinedNamespaces(spec);
  const made = spec.linux.namespaces.flatMap(({ type, path }) =>
    path === undefined && type !== 'time' ? [FLAG_OF[type]] : [],
  );
  const joins = joined.filter(({ type }) => type !== 'user').map(join);
  if (joinsNamespace(spec, 'user')) return { flags: [], joined, prelude: [], steps: joinUser(context, joins, made) };
  if (makesNamespace(spec, 'user') && joins.length > 0) return { joined, ...makeUserLater(context, joins, made) };
  const late = isMovedLater(cgroup) && made.includes('CLONE_NEWCGROUP');
  return {
    flags: late ? made.filter((flag) => flag !== 'CLONE_NEWCGROUP') : made,
    joined,
    prelude: [],
    steps: [
      ...becomeRoot(context),
      ...enterTime(spec),
      ...joins,
      ...(late ? [unshare(['CLONE_NEWCGROUP'])] : []),
      ...(joinsNamespace(spec, 'pid') ? [ENTER_PID] : []),
    ],
  };
}

// A cgroup namespace is rooted at the cgroups that its creator is in. The v2 one is right from birth; v1 cgroups are joined
// after the clone, and so is a scope of systemd's: then the namespace is made by a step of its own, once the child has been
// moved.
function isMovedLater({ v1, also = [], scope }: CgroupPlan): boolean {
  return v1.length + also.length > 0 || scope !== undefined;
}

function joinUser(context: Context, joins: readonly Step[], made: readonly CloneFlag[]): readonly Step[] {
  const { spec, facts } = context;
  const user = joinedNamespaces(spec)
    .filter(({ type }) => type === 'user')
    .map(join);
  const others = [...enterTime(spec), ...joins];
  return [
    ...(facts.caller.privileged ? others : []),
    ...user,
    ...becomeRoot(context),
    ...(facts.caller.privileged ? [] : others),
    ...makeRest(spec, made),
  ];
}

function makeUserLater(
  context: Context,
  joins: readonly Step[],
  made: readonly CloneFlag[],
): Pick<Entry, 'flags' | 'prelude' | 'steps'> {
  const rest = made.filter((flag) => flag !== 'CLONE_NEWUSER');
  return {
    flags: [],
    prelude: [...enterTime(context.spec), ...joins, unshare(['CLONE_NEWUSER']), { op: 'await-plan' }],
    steps: [...becomeRoot(context), ...makeRest(context.spec, rest)],
  };
}

function makeRest(spec: Spec, made: readonly CloneFlag[]): readonly Step[] {
  const entersPid = spec.linux.namespaces.some(({ type }) => type === 'pid');
  return [...(made.length > 0 ? [unshare(made)] : []), ...(entersPid ? [ENTER_PID] : [])];
}

// unshare(2) and setns(2) put only later children into a pid namespace.
const ENTER_PID: Step = { op: 'enter-pid-namespace' };

function unshare(flags: readonly CloneFlag[]): Step {
  return { op: 'unshare', flags: flags.reduce((bits, flag) => bits | CLONE[flag], 0) };
}

function join({ slot, flag }: NamespacePlan): Step {
  return { op: 'join-namespaces', namespaces: slot, flags: flag };
}

/** Those that are joined, the mount namespace last: until then, paths mean what they mean to the caller. */
function joinedNamespaces(spec: Spec): readonly NamespacePlan[] {
  const joined = spec.linux.namespaces.flatMap(({ type, path }, index) =>
    path === undefined
      ? []
      : [
          {
            slot: `${type}-namespace`,
            path,
            type,
            flag: CLONE[FLAG_OF[type]],
            pointer: `/linux/namespaces/${String(index)}/path`,
          },
        ],
  );
  return [...joined.filter(({ type }) => type !== 'mount'), ...joined.filter(({ type }) => type === 'mount')];
}

function enterTime(spec: Spec): readonly Step[] {
  if (!makesNamespace(spec, 'time')) return [];
  const offsets = Object.entries(spec.linux.timeOffsets ?? {}).map(
    ([clock, { secs = 0, nanosecs = 0 }]) => `${clock} ${String(secs)} ${String(nanosecs)}\n`,
  );
  return [{ op: 'enter-time-namespace', offsets: offsets.join('') }];
}
