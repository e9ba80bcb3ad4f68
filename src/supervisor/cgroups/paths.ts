import { OptionError } from '../../errors/option-error.js';

/** How deep below its own cgroup a caller may make others. */
const MOST_DEPTH = 16;

/** How many cgroups there may be below a caller's own, for it to make another. */
export const MOST_DESCENDANTS = 1000;

/** PATH_MAX and NAME_MAX of the kernel, in bytes. */
const MOST_BYTES = 4095;
const MOST_NAME_BYTES = 255;

/** What a caller calls a cgroup below its own; empty for its own. */
export type RelativePath = readonly string[];

/**
 * Reads the name that a caller gives a cgroup.
 *
 * @param path - relative to the caller's own cgroup: `web/worker`; empty for that itself
 * @param option - its name in errors
 * @throws OptionError where it is absolute, leads up or nowhere, or is too long
 */
export function parsePath(path: unknown, option = 'path'): RelativePath {
  const expected = 'a path below your own cgroup, such as web/worker';
  if (typeof path !== 'string') throw new OptionError(option, path, expected);
  if (path === '') return [];
  const names = path.split('/');
  if (Buffer.byteLength(path) > MOST_BYTES || names.some((name) => Buffer.byteLength(name) > MOST_NAME_BYTES))
    throw new OptionError(option, shorten(path), `a path of at most ${MOST_BYTES} bytes, ${MOST_NAME_BYTES} a name`);
  if (!names.every(isPlain)) throw new OptionError(option, shorten(path), expected);
  return names;
}

/** The same for a cgroup that is below the caller's own, and not that itself. @throws OptionError */
export function parsePathBelow(path: unknown, option = 'path'): RelativePath {
  const names = parsePath(path, option);
  if (names.length > 0) return names;
  throw new OptionError(
    option,
    path,
    'a path below your own cgroup, such as web/worker: your own is not yours to change',
  );
}

/** The controllers that the kernel has, or had: their names begin names of files. */
const FILES = /^(cgroup|cpu|cpuset|devices|dmem|freezer|hugetlb|io|irq|memory|misc|perf_event|pids|rdma)\./;

/** What corral itself calls leaves of a container's cgroup. */
const LEAVES = /^(supervisor|exec-\d+)$/;

/** Tells whether a cgroup is one of the leaves that corral itself makes right below a caller's base. */
export function isLeaf(path: RelativePath): boolean {
  return path.length === 1 && LEAVES.test(path[0] ?? '');
}

/** The same for a cgroup that is to be made. @throws OptionError for names that the kernel or corral needs, and for one too deep */
export function parseNewPath(path: unknown, option = 'path'): RelativePath {
  const names = parsePathBelow(path, option);
  const [first = ''] = names;
  if (names.length > MOST_DEPTH)
    throw new OptionError(option, path, `a path of at most ${MOST_DEPTH} names: cgroups nest no deeper than that here`);
  if (names.some((name) => FILES.test(name)))
    throw new OptionError(option, path, 'a name that no file of a controller can ever have');
  if (LEAVES.test(first)) throw new OptionError(option, path, 'free: corral itself makes cgroups of that name');
  return names;
}

// eslint-disable-next-line no-control-regex -- that is what they are
const CONTROL = /[\u0000-\u001f\u007f]/;

const isPlain = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !CONTROL.test(name) && !/\p{Surrogate}/u.test(name);

const shorten = (path: string): string => (path.length > 200 ? `${path.slice(0, 200)}…` : path);

/** Returns a path in words, as errors name it. */
export function showPath(path: RelativePath): string {
  return path.length === 0 ? 'your own cgroup' : JSON.stringify(path.join('/'));
}

/** Tells whether `own` is the cgroup at `path`, or below it. Both are relative to the same. */
export function holds(path: RelativePath, own: string): boolean {
  const text = path.join('/');
  return text === '' || own === text || own.startsWith(`${text}/`);
}
