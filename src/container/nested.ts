import { listNested } from '../cgroup/nested.js';
import type { CgroupRef } from '../cgroup/types.js';
import { NotFoundError } from '../errors/state-errors.js';
import { isName } from '../spec/parse/name.js';
import type { State } from './state.js';

/** What stands between the names of a path: `outer/inner`. */
const SEPARATOR = '/';

/** Tells whether a name is that of a container in a container, such as `outer/inner`. */
export function isNestedPath(id: string): boolean {
  return id.includes(SEPARATOR) && id.split(SEPARATOR).every(isName);
}

/** Joins the names of a container and of one inside it. */
export function joinPath(outer: string, inner: string): string {
  return outer + SEPARATOR + inner;
}

/** Returns the name of the container around all others of a path. */
export function outermost(path: string): string {
  return path.split(SEPARATOR)[0] ?? '';
}

/**
 * Returns the containers right inside another one. What calls itself something that is no name was not made by corral, or
 * does not want to be seen.
 */
export function listContainersIn(cgroup: CgroupRef): readonly CgroupRef[] {
  return listNested(cgroup).filter(({ id }) => isName(id));
}

/**
 * Finds the cgroup of a container in a container. Whoever started it, inside, learns how it ends.
 *
 * @param path - the names from the outermost on: `outer/inner`
 * @param get - finds the outermost
 * @throws NotFoundError
 */
export function findNested(path: string, get: (id: string) => State): CgroupRef {
  const [outer = '', ...inner] = path.split(SEPARATOR);
  const found = inner.reduce<CgroupRef | undefined>(
    (cgroup, name) => cgroup && listContainersIn(cgroup).find(({ id }) => id === name),
    get(outer).cgroup,
  );
  if (found === undefined) throw new NotFoundError(path);
  return found;
}
