import { InvalidArgumentError } from 'commander';

/** Cgroups below a container's own, by controller; the name `` is for those of all hierarchies. */
export type SubCgroups = Readonly<Record<string, string>>;

/**
 * Reads one `--cgroup` more: `[CONTROLLER[,CONTROLLER...]:]PATH`.
 *
 * @throws InvalidArgumentError for a controller that is named twice or not at all
 * @see runc-exec(8)
 */
export function addSubCgroup(value: string, before: SubCgroups): SubCgroups {
  const colon = value.indexOf(':');
  const controllers = colon < 0 ? [''] : value.slice(0, colon).split(',');
  if (colon >= 0 && controllers.includes(''))
    throw new InvalidArgumentError('It names no controller before the colon.');
  const names = [...Object.keys(before), ...controllers];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined && twice !== '') throw new InvalidArgumentError(`${twice} is given a cgroup more than once.`);
  if (names.includes('') && names.length > 1)
    throw new InvalidArgumentError('One without a controller is for all: there can be no other beside it.');
  const path = value.slice(colon + 1);
  return { ...before, ...Object.fromEntries(controllers.map((name) => [name, path])) };
}
