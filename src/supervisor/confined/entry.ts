import { readFileSync } from 'node:fs';
import { readLayout } from '../../cgroup/facts.js';
import { locate, parseSelfCgroup } from '../../cgroup/layout.js';
import { selectControllers } from '../../cgroup/resources.js';
import { scopeDirectory } from '../../cgroup/systemd/scope.js';
import type { CgroupRef } from '../../cgroup/types.js';
import { prepareSpec } from '../../container/prepare.js';
import { ContainerError } from '../../errors/container-error.js';
import { RefusedError } from '../../errors/refused-error.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import { type CallerLimits, checkConfinedOptions, confineSpec } from '../../spec/confined.js';
import type { Resources } from '../../spec/resources.js';
import type { Spec } from '../../spec/types.js';
import type { Within } from '../../spec/within.js';
import { type Caller, recallCaller, type States } from '../caller/caller.js';
import { toInside } from '../caller/ids.js';
import { type Picture, readLabel } from '../caller/picture.js';
import { lowerRlimits, parseRlimits } from '../caller/rights.js';
import type { ConfinedScope } from '../caller/scope.js';
import { readControllers, readWords } from '../cgroups/controllers.js';
import { makeRoom } from '../cgroups/create.js';
import type { ContainerRecord } from '../record/record.js';
import { checkFilters } from './filters.js';
import { directoryOf, isFrom, type Origin, type Starter } from './origin.js';
import { ACTION, starterGone } from './starter.js';

/** What the start of a container from inside another one takes. Close it when that is over. */
export interface Entry extends Disposable {
  /** Makes a spec that of the caller's. */
  readonly adjust: (spec: Spec) => Spec;
  /** Descriptors by slot. */
  readonly fds: ReadonlyMap<string, number>;
}

/**
 * Opens all that a container is started with that was asked for from inside another one, and makes room for its cgroup.
 *
 * @param inherit - it starts in the directory of its caller
 * @throws RefusedError ESRCH where the caller has ended, EPERM where it is not who asked, or what it is under could not be given
 *   to another process
 * @throws UnsupportedError for a limit that cannot be had there
 */
export function openEntry({ options, starter }: Pick<ContainerRecord, 'options' | 'starter'>, states: States): Entry {
  const { origin } = options;
  if (origin === undefined || starter === undefined) throw starterGone();
  using caller = recall(starter, states);
  const scope = checkScope(caller, origin);
  const outermost = states.read(scope.container);
  if (outermost === undefined) throw starterGone();
  const { spec } = prepareConfined(options);
  const controllers = handDown(scope, origin, spec.linux.resources);
  const picture = caller.picture();
  try {
    // What it is in now is what was looked at: it may have moved meanwhile.
    checkScope(caller, origin);
    checkFilters(picture.rights, outermost, ACTION);
    checkLabel(picture);
    const within: Within = {
      base: scope.base,
      directory: directoryOf(origin),
      controllers,
      v1: listV1(picture.cgroups),
      owner: ownerOf(scope),
      ...aroundOf(outermost.cgroup),
      inCallersDirectory: options.container.cwd === undefined && options.callerDirectory === undefined,
    };
    const limits = limitsOf(picture, { within, starter, outermost: outermost.spec });
    return {
      adjust: (wanted) => confineSpec(wanted, limits),
      fds: new Map([
        ['root', picture.root.number],
        ['directory', picture.directory.number],
      ]),
      [Symbol.dispose]: () => {
        picture[Symbol.dispose]();
      },
    };
  } catch (error) {
    picture[Symbol.dispose]();
    throw error;
  }
}

/** Turns the options of such a container into a spec, as it is before it is confined. @throws OptionError */
export function prepareConfined({
  command,
  container,
  callerDirectory = '/',
  callerEnv = {},
}: ContainerRecord['options']): { readonly spec: Spec } {
  checkConfinedOptions(container);
  return prepareSpec(
    command,
    { ...container, isolation: 'cgroup', dieWithParent: false },
    { around: { cwd: callerDirectory, env: callerEnv } },
  );
}

function recall({ process }: Starter, states: States): Caller {
  try {
    return recallCaller(process, states);
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'ESRCH') throw starterGone(error);
    throw error;
  }
}

function checkScope(caller: Caller, origin: Origin): ConfinedScope {
  const scope = caller.scope();
  if (scope.kind === 'confined' && isFrom(scope, origin) && scope.requester.uid === origin.uid) return scope;
  throw new RefusedError(ACTION, 'EPERM', { hint: 'the caller has become another user, or has left its cgroup' });
}

function handDown(scope: ConfinedScope, origin: Origin, resources: Resources): readonly string[] {
  const asked = selectControllers(resources);
  const { available, missing } = readControllers(scope.base, scope.above);
  for (const name of asked) {
    if (available.includes(name)) continue;
    throw new UnsupportedError(`${name} limit`, `the ${name} controller in your own cgroup`, { hint: missing[name] });
  }
  makeRoom(scope, directoryOf(origin), asked);
  return readWords(scope.base, 'cgroup.subtree_control');
}

// Of one that was asked for from inside itself, there is none.
function aroundOf(cgroup: CgroupRef): Pick<Within, 'around'> {
  const directory = scopeDirectory(cgroup);
  if (cgroup.scope === undefined || directory === undefined) return {};
  return { around: { manager: cgroup.scope.manager, unit: cgroup.scope.unit, directory } };
}

// A user's supervisor can give nothing away.
function ownerOf({ requester: { uid, gid } }: ConfinedScope): Within['owner'] {
  if (process.geteuid?.() === 0) return { uid, gid };
  return { uid: process.geteuid?.() ?? uid, gid: process.getegid?.() ?? gid };
}

function checkLabel({ label }: Picture): void {
  if (label === readLabel('/proc/self')) return;
  throw refuse(`it has the security label ${JSON.stringify(label)}, which could not be given to another process`);
}

// Where the kernel has cgroups of version 1, limits of the outermost container's may be there.
function listV1(text: string): readonly string[] {
  const own = parseSelfCgroup(readFileSync('/proc/self/cgroup', 'utf8'));
  const { v1, named } = readLayout();
  const paths = [...parseSelfCgroup(text)].flatMap(([name, path]) => {
    if (name === '' || own.get(name) === path) return [];
    const hierarchy =
      v1.find(({ controllers }) => controllers.includes(name)) ?? named.find((one) => `name=${one.name}` === name);
    const found = hierarchy && locate(hierarchy, path);
    if (found === undefined) throw refuse(`its cgroup of ${name} (version 1) is not to be seen by the supervisor`);
    return [found];
  });
  return [...new Set(paths)];
}

function limitsOf(
  { namespaces, status, rights, rlimits, oomScoreAdj, directoryPath, ids }: Picture,
  { within, starter, outermost }: { readonly within: Within; readonly starter: Starter; readonly outermost: Spec },
): CallerLimits {
  const inside = (map: NonNullable<Picture['ids']>['uids'] | undefined, id: number | undefined): number => {
    const found = id === undefined ? undefined : map === undefined ? id : toInside(map, id);
    if (found !== undefined) return found;
    throw refuse('it has a user or group that its user namespace has no name for');
  };
  const uid = inside(ids?.uids, status.uids[1]);
  if (ids?.setgroups === false && process.geteuid?.() === 0)
    throw refuse('its user namespace does not let groups be set: see /proc/self/setgroups');
  const groups = ids?.setgroups === false ? [] : status.groups.map((gid) => inside(ids?.gids, gid));
  const mask = rights.effective & rights.permitted & rights.bounding & BigInt(`0x${starter.capabilities}`);
  return {
    within,
    namespaces: namespaces.map(({ type, fd }) => ({ type, path: `/proc/self/fd/${String(fd.number)}` })),
    user: { uid, gid: inside(ids?.gids, status.gids[1]), groups },
    capabilities: uid === 0 ? mask : 0n,
    rlimits: lowerRlimits(rlimits, parseRlimits(readFileSync('/proc/self/limits', 'utf8'))),
    oomScoreAdj: Math.max(oomScoreAdj, Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))),
    directory: directoryPath,
    outermost,
  };
}

function refuse(hint: string): ContainerError {
  return new RefusedError(ACTION, 'EPERM', { hint });
}
