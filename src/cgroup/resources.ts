import { OptionError } from '../errors/option-error.js';
import type { Resources } from '../spec/types.js';

/** Controllers that corral knows how to set, under their v2 names. */
export const CONTROLLERS = ['cpuset', 'cpu', 'memory', 'pids', 'io'] as const;

/** One of {@link CONTROLLERS}. */
export type Controller = (typeof CONTROLLERS)[number];

/**
 * Returns the controllers without which `resources` cannot be given, in the order in which they are set.
 *
 * A resource that is only said to be unlimited needs none.
 */
export function selectControllers(resources: Resources): readonly Controller[] {
  return CONTROLLERS.filter((controller) => isAsked[controller](resources));
}

const isAsked: Readonly<Record<Controller, (resources: Resources) => boolean>> = {
  memory: ({ memory }) => isLimit(memory?.limit) || isLimit(memory?.swap) || isLimit(memory?.reservation),
  cpu: ({ cpu }) => isLimit(cpu?.quota) || cpu?.period !== undefined || isSet(cpu?.shares),
  cpuset: ({ cpu }) => isText(cpu?.cpus) || isText(cpu?.mems),
  pids: ({ pids }) => isLimit(pids?.limit),
  io: ({ blockIO }) =>
    isSet(blockIO?.weight) ||
    isFilled(blockIO?.throttleReadBpsDevice) ||
    isFilled(blockIO?.throttleWriteBpsDevice) ||
    isFilled(blockIO?.throttleReadIOPSDevice) ||
    isFilled(blockIO?.throttleWriteIOPSDevice),
};

const isLimit = (value: number | undefined): boolean => value !== undefined && value >= 0;
const isSet = (value: number | undefined): boolean => value !== undefined && value !== 0;
const isText = (value: string | undefined): boolean => value !== undefined && value !== '';
const isFilled = (list: readonly unknown[] | undefined): boolean => list !== undefined && list.length > 0;

/** A file of `resources.unified` with the controller that provides it; the core's own files have none. */
export interface UnifiedFile {
  readonly file: string;
  readonly value: string;
  readonly controller?: string;
}

// What corral itself writes, or what would break the container's shape.
const RESERVED = ['procs', 'threads', 'kill', 'freeze', 'type', 'subtree_control'].map((name) => `cgroup.${name}`);

/**
 * Returns the files of `resources.unified`.
 *
 * @throws OptionError for a name that is not that of an interface file that carries a limit
 */
export function listUnified(resources: Resources): readonly UnifiedFile[] {
  return Object.entries(resources.unified ?? {}).map(([file, value]) => {
    const [, controller] = /^([a-z0-9_]+)\.[A-Za-z0-9_.]+$/.exec(file) ?? [];
    if (controller === undefined || RESERVED.includes(file))
      throw new OptionError('unified', file, 'a cgroup v2 file that sets a limit');
    return { file, value, ...(controller !== 'cgroup' && { controller }) };
  });
}
