import { dirname } from 'node:path/posix';
import { ConfigError } from '../errors/config-error.js';
import type { CgroupFacts, Hierarchy } from './types.js';

/** A directory of an engine's container, in one hierarchy. */
export interface PlacedDirectory {
  /** The top of the hierarchy. */
  readonly base: string;
  readonly path: string;
}

/** Where an engine's container goes. */
export interface EnginePlace {
  readonly v2?: PlacedDirectory;
  /** With the controllers of the hierarchy; systemd's own is `name=systemd`. */
  readonly v1: readonly (PlacedDirectory & { readonly controllers: readonly string[] })[];
}

/**
 * Returns the directories that a path names: below the top of every hierarchy, or, without a leading slash, below the
 * caller's own cgroup there. Where there is only v2, a relative one is beside the caller's own cgroup: that has processes, and
 * so could hand down no controllers.
 *
 * Without a path it is `/corral/ID`; for callers who may not write there, ID below what was delegated to them, in the
 * hierarchies that they may write.
 *
 * @throws ConfigError for a path that leads out of the hierarchy, or to its top
 * @see runtime-spec config-linux.md "Cgroups Path"; opencontainers/runc does the same
 */
export function locateEngine(cgroupsPath: string | undefined, id: string, facts: CgroupFacts): EnginePlace {
  if (cgroupsPath !== undefined && cgroupsPath !== '') return place(checkPath(cgroupsPath), facts);
  if (facts.v2Top !== undefined || (facts.layout.v2 === undefined && facts.v1Top.length > 0))
    return onlyWritable(place(`/corral/${id}`, facts), facts, facts.v1Top);
  const { v2, v1 } = place(id, facts);
  // Below one's own cgroup, which has processes, there are no controllers; above it may not be one's own.
  const top = facts.v2Above ?? facts.v2Base?.path;
  const below = v2 && top !== undefined && { base: v2.base, path: join(top, `/${id}`) };
  return onlyWritable({ ...(below && { v2: below }), v1 }, facts, facts.v1Base);
}

/** NAME_MAX. */
const MOST_NAME = 255;
/** PATH_MAX, without where the hierarchy is mounted and the files in a cgroup. */
const MOST_PATH = 3500;

function checkPath(path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const isWrong = names.length === 0 || names.includes('..') || /[\n\0]/.test(path);
  const isLong = Buffer.byteLength(path) > MOST_PATH || names.some((name) => Buffer.byteLength(name) > MOST_NAME);
  if (isLong) throw new ConfigError('/linux/cgroupsPath', path, `a path with names of at most ${MOST_NAME} bytes`);
  if (isWrong) throw new ConfigError('/linux/cgroupsPath', path, 'the path of a cgroup below the top, without ..');
  return `${path.startsWith('/') ? '/' : ''}${names.join('/')}`;
}

function place(path: string, { layout }: CgroupFacts): EnginePlace {
  const { v2, v1, named } = layout;
  const systemd = named.filter(({ name }) => name === 'systemd');
  const isAlone = layout.mode === 'unified';
  return {
    ...(v2 && { v2: put(path, v2, isAlone) }),
    v1: [
      ...v1.map((hierarchy) => ({ controllers: hierarchy.controllers, ...put(path, hierarchy, false) })),
      ...systemd.map((hierarchy) => ({ controllers: ['name=systemd'], ...put(path, hierarchy, false) })),
    ],
  };
}

function put(path: string, { mount, own = mount }: Hierarchy, isBeside: boolean): PlacedDirectory {
  if (path.startsWith('/')) return { base: mount, path: join(mount, path) };
  const from = isBeside && own !== mount ? dirname(own) : own;
  return { base: mount, path: join(from, `/${path}`) };
}

const join = (base: string, below: string): string => (base === '/' ? below : base + below);

// Who asks for no place in particular gets those that there are.
function onlyWritable(
  { v2, v1 }: EnginePlace,
  facts: CgroupFacts,
  writable: readonly { readonly controllers: readonly string[] }[],
): EnginePlace {
  const mayWrite = (controllers: readonly string[]): boolean =>
    writable.some((one) => one.controllers.join() === controllers.join());
  const isRoot = facts.v1Top.length > 0;
  return {
    ...(v2 && facts.v2Base && { v2 }),
    v1: v1.filter(({ controllers }) => mayWrite(controllers) || (isRoot && controllers.includes('name=systemd'))),
  };
}
