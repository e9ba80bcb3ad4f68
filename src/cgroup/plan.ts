import { dirname } from 'node:path/posix';
import { OptionError } from '../errors/option-error.js';
import { UnsupportedError } from '../errors/unsupported-error.js';
import type { CgroupPlan, CgroupWrite, V1Directory } from '../plan/types.js';
import type { CgroupDriver } from '../spec/annotations.js';
import type { Resources } from '../spec/resources.js';
import { type Controller, HANDED, listUnified, selectControllers } from './resources.js';
import { selectDriver } from './systemd/driver.js';
import { DEFAULT_SLICE, scopeName, slicePath } from './systemd/names.js';
import { toProperties } from './systemd/properties.js';
import { delegateHint } from './systemd/words.js';
import type { CgroupFacts, V1Base, V2Base } from './types.js';
import { INHERIT } from './v1/cpuset.js';
import { listWrites, nameOnV1 } from './writes.js';

/** Handed down without being asked for, so that every result has its figures. */
const ALWAYS = ['cpu', 'memory', 'pids', 'io'];

/** The same where there is no v2: as the freezer must be joined, the others cost next to nothing. */
const ALWAYS_V1 = ['freezer', 'cpuacct', 'memory', 'pids'];

/** What {@link planCgroup} decides from. */
export interface CgroupRequest {
  readonly id: string;
  readonly facts: CgroupFacts;
  readonly resources: Resources;
  /**
   * Where the container's directory goes: a path below the caller's base, or, with a leading slash, below the top of
   * each hierarchy. For systemd, the name of a slice.
   *
   * @defaultValue `corral`, and `corral.slice`
   */
  readonly parent?: string;
  /** Who makes them. @defaultValue the right one for this host: see {@link selectDriver} */
  readonly driver?: CgroupDriver;
  /** Whom the payload is given to, in the caller's ids: the container holds others, with limits of their own. */
  readonly delegate?: { readonly uid: number; readonly gid: number };
  /** It has the supervisor's socket, by which others are made below it. */
  readonly api?: boolean;
}

/**
 * Returns where a container's cgroups go and what is written there. A controller is taken from v2 where v2 has it, from
 * v1 otherwise. Without any cgroup that may be written, and without limits, the plan is empty.
 *
 * @throws UnsupportedError for a limit that no hierarchy can give
 * @throws OptionError for an id or parent that is no path, or a `unified` file that is none
 */
export function planCgroup(request: CgroupRequest): CgroupPlan {
  const { id, facts, resources, parent, driver } = request;
  if (selectDriver({ facts, wanted: driver, parent }) === 'systemd') return planScope(request);
  const place = selectPlace(facts, parent ?? 'corral', id);
  const asked = selectControllers(resources);
  const onV2 = asked.filter((controller) => place.v2?.controllers.includes(controller));
  const onV1 = asked.filter((controller) => !onV2.includes(controller));
  const v1 = planV1({ place, facts, resources, controllers: onV1 });
  if (place.v2 === undefined) {
    const [file] = listUnified(resources);
    if (file) throw new UnsupportedError(file.file, 'cgroup v2', { hint: facts.problem?.hint });
    return { v1 };
  }
  return { ...planV2({ ...request, place, base: place.v2, controllers: onV2 }), v1 };
}

// Below the scope it is as anywhere else: that is corral's, and no daemon-reload undoes what is written there.
function planScope(request: CgroupRequest): CgroupPlan {
  const { id, facts, resources, parent: slice = DEFAULT_SLICE } = request;
  const { base, manager = 'system' } = facts.systemd ?? {};
  if (base === undefined)
    throw new UnsupportedError('the systemd cgroup driver', 'a cgroup of systemd that is seen here');
  const wanted = listUnified(resources).flatMap(({ controller }) => controller ?? []);
  checkControllers([...selectControllers(resources), ...wanted], facts, base);
  const unit = scopeName(id);
  const scoped = { ...base, path: join(base.path, `${slicePath(slice)}/${unit}`), isRoot: false };
  const place = { v2: scoped, v1: [], below: '/container' };
  const controllers = selectControllers(resources);
  const properties = toProperties(resources);
  return {
    ...planV2({ ...request, place, base: scoped, controllers }),
    v1: [],
    scope: { manager, unit, slice, description: `corral container ${id}`, properties },
  };
}

/** The bases, and the path from each of them to the container's directory. */
interface Place {
  readonly v2: V2Base | undefined;
  readonly v1: readonly V1Base[];
  readonly below: string;
}

function selectPlace(facts: CgroupFacts, parent: string, id: string): Place {
  const names = parent.split('/').filter((name) => name !== '');
  if (names.some((name) => !isName(name))) throw new OptionError('cgroupParent', parent, 'a path without . and ..');
  if (!isName(id) || id.includes('/')) throw new OptionError('id', id, 'a name for a directory');
  const below = ['', ...names, id].join('/');
  return parent.startsWith('/')
    ? { v2: facts.v2Top, v1: facts.v1Top, below }
    : { v2: facts.v2Base, v1: facts.v1Base, below };
}

const isName = (name: string): boolean => !/^\.{0,2}$|[\n\0]/.test(name);

interface Part {
  readonly place: Place;
  readonly facts: CgroupFacts;
  readonly resources: Resources;
  readonly controllers: readonly Controller[];
}

interface PartV2 extends Part {
  readonly base: V2Base;
  readonly delegate?: CgroupRequest['delegate'];
  readonly api?: boolean;
}

function planV2({ place, base, facts, resources, controllers, delegate, api = false }: PartV2): Omit<CgroupPlan, 'v1'> {
  const path = join(base.path, place.below);
  const unified = listUnified(resources);
  const handed = delegate === undefined ? [] : HANDED.filter((controller) => base.controllers.includes(controller));
  const enabled = selectEnabled(
    base,
    [...controllers, ...unified.flatMap(({ controller }) => controller ?? []), ...handed],
    facts,
  );
  const parents = ancestors(base.path, path);
  return {
    v2: {
      base: base.path,
      path,
      payload: join(path, '/payload'),
      enable: enabled.length === 0 ? [] : parents.map((parent) => ({ path: parent, controllers: enabled })),
      writes: [
        ...controllers.flatMap((controller) => listWrites(2, controller, resources, facts)).filter(isFor(delegate)),
        ...unified.map(({ file, value }) => ({ file, value })),
        ...selectBounds({ nests: delegate !== undefined, api }),
      ],
      ...(delegate && { delegate: { ...delegate, controllers: handed } }),
    },
    ...(enabled.length > 0 && base.needsEvacuation && { evacuate: base.path }),
  };
}

// One container too many inside is no reason to kill them all.
const isFor =
  (delegate: CgroupRequest['delegate']) =>
  ({ file }: CgroupWrite): boolean =>
    delegate === undefined || file !== 'memory.oom.group';

/** How many cgroups there may be in one in which others are made by the supervisor's socket, and how deep. */
export const API_BOUNDS: readonly CgroupWrite[] = [
  { file: 'cgroup.max.descendants', value: '1001', ifAbsent: 'skip' },
  { file: 'cgroup.max.depth', value: '17', ifAbsent: 'skip' },
];

// A cgroup costs kernel memory that no limit of this host need count: who may make them is bounded. Linux 4.14.
// Whoever nests has its runtimes make them; by the supervisor's socket a few do.
function selectBounds({ nests, api }: { readonly nests: boolean; readonly api: boolean }): readonly CgroupWrite[] {
  if (nests) return [{ file: 'cgroup.max.descendants', value: '20000', ifAbsent: 'skip' }];
  return api ? API_BOUNDS : [];
}

// Moving the caller's processes is no small thing, so it is done for a limit only, not for the peaks.
function selectEnabled(base: V2Base, asked: readonly string[], facts: CgroupFacts): readonly string[] {
  checkControllers(asked, facts, base);
  const always = base.needsEvacuation ? [] : ALWAYS.filter((controller) => base.controllers.includes(controller));
  return [...new Set([...always, ...asked])];
}

function checkControllers(asked: readonly string[], facts: CgroupFacts, base: V2Base): void {
  const missing = asked.find((controller) => !base.controllers.includes(controller));
  if (missing !== undefined) throw unsupported(missing, facts, base);
}

/** The directories that hand controllers down to `path`, from `base` on. */
function ancestors(base: string, path: string): readonly string[] {
  const parent = dirname(path);
  return parent === base ? [base] : [...ancestors(base, parent), parent];
}

function planV1({ place, facts, resources, controllers }: Part): readonly V1Directory[] {
  const directories = new Map<V1Base, CgroupWrite[]>();
  // Without v2, the freezer is what holds the container together and what kills it.
  for (const name of place.v2 ? [] : ALWAYS_V1) {
    const base = findBase(place, name);
    if (base) directories.set(base, []);
  }
  for (const controller of controllers) {
    const base = findBase(place, nameOnV1(controller));
    if (base === undefined) throw unsupported(controller, facts, place.v2);
    directories.set(base, [...(directories.get(base) ?? []), ...listWrites(1, controller, resources, facts)]);
  }
  return [...directories].map(([base, writes]) => ({
    controllers: base.controllers,
    base: base.path,
    path: join(base.path, place.below),
    inherit: base.controllers.includes('cpuset') ? INHERIT : [],
    writes,
  }));
}

const findBase = ({ v1 }: Place, name: string): V1Base | undefined =>
  v1.find(({ controllers }) => controllers.includes(name));

const join = (base: string, below: string): string => (base === '/' ? below : base + below);

function unsupported(controller: string, facts: CgroupFacts, base: V2Base | undefined): UnsupportedError {
  return new UnsupportedError(`${controller} limit`, `the ${controller} controller`, {
    hint: describeMissing(controller, facts, base),
  });
}

function describeMissing(controller: string, facts: CgroupFacts, base: V2Base | undefined): string {
  const inV1 = describeMissingV1(nameOnV1(controller as Controller), facts);
  if (inV1 !== undefined) return inV1;
  if (base === undefined) return facts.problem?.hint ?? 'this host has no cgroup that may be written';
  const has = base.controllers.length === 0 ? 'no controller' : base.controllers.join(', ');
  const isInKernel = facts.systemd?.controllers.includes(controller) !== false;
  const hint = isInKernel ? delegateHint(base.path) : undefined;
  if (hint !== undefined) return `${base.path} has ${has}: ${hint}`;
  return base.isRoot || !isInKernel
    ? `${base.path} has ${has}: this kernel was built without ${controller}`
    : `${base.path} has ${has}: cgroup.subtree_control of its parent does not hand ${controller} down`;
}

function describeMissingV1(name: string, { layout }: CgroupFacts): string | undefined {
  if (layout.disabled.includes(name))
    return `the kernel was booted without it: take cgroup_disable=${name} off its command line, or add cgroup_enable=${name}`;
  if (layout.v1.some(({ controllers }) => controllers.includes(name)))
    return `${name} is a cgroup v1 controller here, and its hierarchy may not be written`;
  if (layout.unmounted?.includes(name))
    return `${name} is a cgroup v1 controller of the host, and v1 cannot be given to a container: limit the outermost one, and that holds for all inside`;
  if (layout.mode === 'legacy')
    return `no cgroup v1 hierarchy has it: if this kernel does (see /proc/cgroups), mount -t cgroup -o ${name} ${name} /sys/fs/cgroup/${name}`;
  return undefined;
}
