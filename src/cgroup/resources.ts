import { ConfigError } from '../errors/config-error.js';
import { OptionError } from '../errors/option-error.js';
import type { Resources } from '../spec/resources.js';
import { escapeKey, pointerTo, type WriteRules } from './rules.js';

/** Controllers that corral knows how to set, under their v2 names, in the order in which they are set. */
export const CONTROLLERS = ['cpuset', 'cpu', 'memory', 'pids', 'io', 'hugetlb', 'rdma', 'net_cls', 'net_prio'] as const;

/** One of {@link CONTROLLERS}. */
export type Controller = (typeof CONTROLLERS)[number];

/** Those that a container is handed for containers of its own, and that systemd knows. */
export const HANDED = ['cpuset', 'cpu', 'memory', 'pids', 'io'] as const satisfies readonly Controller[];

/**
 * Returns the controllers without which `resources` cannot be given, in the order in which they are set.
 *
 * A resource that is only said to be unlimited needs none.
 */
export function selectControllers(resources: Resources): readonly Controller[] {
  return CONTROLLERS.filter((controller) => isAsked[controller](resources));
}

const isAsked: Readonly<Record<Controller, (resources: Resources) => boolean>> = {
  memory: ({ memory }) =>
    isLimit(memory?.limit) ||
    isLimit(memory?.swap) ||
    isLimit(memory?.reservation) ||
    isLimit(memory?.kernel) ||
    isLimit(memory?.kernelTCP) ||
    isLimit(memory?.swappiness) ||
    memory?.disableOOMKiller === true,
  cpu: ({ cpu }) =>
    isLimit(cpu?.quota) ||
    cpu?.period !== undefined ||
    isSet(cpu?.shares) ||
    isSet(cpu?.burst) ||
    isSet(cpu?.idle) ||
    isSet(cpu?.realtimeRuntime) ||
    isSet(cpu?.realtimePeriod),
  cpuset: ({ cpu }) => isText(cpu?.cpus) || isText(cpu?.mems),
  pids: ({ pids }) => isLimit(pids?.limit),
  io: ({ blockIO }) => blockIO !== undefined && Object.values(blockIO).some(isGiven),
  hugetlb: ({ hugepageLimits }) => isFilled(hugepageLimits),
  rdma: ({ rdma }) => Object.keys(rdma ?? {}).length > 0,
  net_cls: ({ network }) => isSet(network?.classID),
  net_prio: ({ network }) => isFilled(network?.priorities),
};

const isGiven = (value: number | readonly unknown[] | undefined): boolean =>
  typeof value === 'number' ? isSet(value) : isFilled(value);
const isLimit = (value: number | undefined): boolean => value !== undefined && value >= 0;
const isSet = (value: number | undefined): boolean => value !== undefined && value !== 0;
const isText = (value: string | undefined): boolean => value !== undefined && value !== '';
const isFilled = (list: readonly unknown[] | undefined): boolean => list !== undefined && list.length > 0;

/** A file of `resources.unified` with the controller that provides it; the core's own files have none. */
export interface UnifiedFile {
  readonly file: string;
  readonly value: string;
  /** The value's lines: the kernel takes one at a time, for each device one. */
  readonly lines: readonly string[];
  readonly controller?: string;
}

// What corral itself writes, or what would break the container's shape.
const RESERVED = ['procs', 'threads', 'kill', 'freeze', 'type', 'subtree_control'].map((name) => `cgroup.${name}`);

/**
 * Returns the files of `resources.unified`.
 *
 * @throws OptionError for a name that is not that of an interface file that carries a limit; an engine gets a ConfigError
 */
export function listUnified(resources: Resources, rules: Pick<WriteRules, 'engine'> = {}): readonly UnifiedFile[] {
  return Object.entries(resources.unified ?? {}).map(([file, value]) => {
    const [, controller] = /^([a-z0-9_]+)\.[A-Za-z0-9_.]+$/.exec(file) ?? [];
    if (controller === undefined || RESERVED.includes(file)) throw notUnified(file, value, rules);
    const lines = value.split('\n').filter((line, index) => line !== '' || index === 0);
    return { file, value, lines, ...(controller !== 'cgroup' && { controller }) };
  });
}

function notUnified(file: string, value: string, rules: Pick<WriteRules, 'engine'>): Error {
  const expected = 'a cgroup v2 file that sets a limit';
  if (rules.engine === undefined) return new OptionError('unified', file, expected);
  return new ConfigError(pointerTo(`unified/${escapeKey(file)}`, rules), value, `possible: ${file} is not ${expected}`);
}
