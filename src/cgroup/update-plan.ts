import { ConfigError } from '../errors/config-error.js';
import { UnsupportedError } from '../errors/unsupported-error.js';
import type { CgroupWrite } from '../plan/types.js';
import type { Resources } from '../spec/resources.js';
import { CONTROLLERS, type Controller, listUnified, selectControllers, type UnifiedFile } from './resources.js';
import { pointerTo, type WriteRules } from './rules.js';
import type { CgroupRef } from './types.js';
import { firstAsked, listWrites, nameOnV1 } from './writes.js';

/** What {@link planUpdate} decides from. */
export interface UpdateRequest {
  readonly ref: CgroupRef;
  /** What is to be changed: -1, and a rate of 0, stand for none. */
  readonly given: Resources;
  /** The limits of memory that there will be, all together. */
  readonly memory: Resources['memory'];
  readonly rules: WriteRules;
  /** Controllers whose files the container's v2 directory has. */
  readonly present: readonly string[];
  /** Controllers that v2 could hand down to it. */
  readonly offered: readonly string[];
  /** Controllers that are v1's on this host. */
  readonly v1: readonly string[];
  /** What v1 limits memory and swap together to now, in bytes; absent: nothing. */
  readonly memswBytes?: number | undefined;
}

/** One write of a change, in a directory of the container. */
export interface UpdateWrite {
  readonly path: string;
  readonly write: CgroupWrite;
}

/** How limits are changed. */
export interface UpdatePlan {
  /** Controllers that v2 has to hand down first. */
  readonly enable: readonly string[];
  /** Controllers of v2 that are used from then on: those, and others that it hands down already. */
  readonly used: readonly string[];
  /** In an order in which the kernel takes them. */
  readonly writes: readonly UpdateWrite[];
}

/**
 * Returns which files a change of limits is written to.
 *
 * @throws UnsupportedError for a limit of a controller that the container has not got, and cannot get any more
 */
export function planUpdate(request: UpdateRequest): UpdatePlan {
  const { ref, given, rules } = request;
  const resources = { ...given, ...(given.memory && { memory: completeMemory(given.memory, request.memory) }) };
  const enable: string[] = [];
  const used: string[] = [];
  const writes: UpdateWrite[] = [];
  for (const controller of CONTROLLERS.filter((name) => isTouched[name](given))) {
    const place = findPlace(controller, request);
    if (place === undefined) continue; // it is to have no limit there, and has none
    if (place.isNew) enable.push(controller);
    if (place.version === 2) used.push(controller);
    const list =
      place.version === 2
        ? orderV2(listWrites(2, controller, resources, rules))
        : orderV1(listWrites(1, controller, resources, rules), request);
    writes.push(...list.map((write) => ({ path: place.path, write })));
  }
  writes.push(...listUnified(given, rules).flatMap((file) => planUnified(file, request)));
  // A controller that is handed down changes nothing by itself; a limit that cannot be given must be found out before any is.
  return { enable: ref.v2 === undefined ? [] : enable, used, writes };
}

const isTouched: Readonly<Record<Controller, (resources: Resources) => boolean>> = {
  memory: ({ memory: { checkBeforeUpdate: _, ...memory } = {} }) => isSaid(...Object.values(memory)),
  cpu: ({ cpu: { cpus: _, mems: __, ...cpu } = {} }) => isSaid(...Object.values(cpu)),
  cpuset: ({ cpu }) => isSaid(cpu?.cpus, cpu?.mems),
  pids: ({ pids }) => pids !== undefined,
  io: ({ blockIO }) => blockIO !== undefined,
  hugetlb: ({ hugepageLimits }) => hugepageLimits !== undefined,
  rdma: ({ rdma }) => rdma !== undefined,
  net_cls: ({ network }) => network?.classID !== undefined,
  net_prio: ({ network }) => network?.priorities !== undefined,
};

const isSaid = (...values: readonly unknown[]): boolean => values.some((value) => value !== undefined);

type Memory = NonNullable<Resources['memory']>;

// On v2, swap is what is left of both together: the one cannot be changed without a word on the other.
function completeMemory(given: Memory, all: Memory = {}): Memory {
  const { limit, swap, ...rest } = given;
  if (limit === undefined && swap === undefined) return rest;
  const complete = { ...rest, ...(all.limit === undefined ? {} : { limit: all.limit }) };
  if (all.swap !== undefined) return { ...complete, swap: all.swap };
  return limit !== undefined && limit < 0 ? { ...complete, swap: -1 } : complete;
}

interface Where {
  readonly version: 1 | 2;
  readonly path: string;
  /** v2 has to hand it down first. */
  readonly isNew?: true;
}

function findPlace(controller: Controller, request: UpdateRequest): Where | undefined {
  const { ref, given, present, offered } = request;
  const { v2 } = ref;
  if (v2 !== undefined && present.includes(controller)) return { version: 2, path: v2.path };
  const name = nameOnV1(controller);
  const directory = ref.v1.find(({ controllers }) => controllers.includes(name));
  if (directory !== undefined) return { version: 1, path: directory.path };
  if (!selectControllers(given).includes(controller)) return undefined;
  if (v2 !== undefined && offered.includes(controller)) return { version: 2, path: v2.path, isNew: true };
  throw missing(controller, request);
}

function missing(controller: Controller, { ref, given, offered, v1, rules }: UpdateRequest): Error {
  const name = nameOnV1(controller);
  const has =
    ref.v2 === undefined ? 'this host has none' : `${ref.v2.base} has ${offered.join(', ') || 'no controller'}`;
  const asked = firstAsked(controller, given, rules);
  if (asked !== undefined)
    return new ConfigError(asked.pointer, asked.value, `possible without the ${name} controller`, { hint: has });
  const what = `a new ${controller} limit of ${JSON.stringify(ref.id)}`;
  if (v1.includes(name)) {
    return new UnsupportedError(what, `its ${name} cgroup (v1), which it did not get at its start`, {
      hint: 'a running container is not moved: start it with a limit of that kind, which can then be changed',
    });
  }
  return new UnsupportedError(what, `the ${controller} controller`, { hint: has });
}

function planUnified({ file, lines, controller }: UnifiedFile, request: UpdateRequest): readonly UpdateWrite[] {
  const { ref, given, present, rules } = request;
  const asked = { pointer: pointerTo(`unified/${file}`, rules), value: given.unified?.[file] };
  if (ref.v2 === undefined || (controller !== undefined && !present.includes(controller)))
    throw new ConfigError(asked.pointer, asked.value, `possible: the container has no ${file} of cgroup v2`);
  const { path } = ref.v2;
  return lines.map((value) => ({ path, write: { file, value, asked } }));
}

// With room for it in swap, what is above the new limit can go there.
function orderV2(writes: readonly CgroupWrite[]): readonly CgroupWrite[] {
  return moveFirst(writes, 'memory.swap.max');
}

// Memory and swap together may at no moment be less than memory alone: what is raised above it comes second.
function orderV1(writes: readonly CgroupWrite[], { memswBytes }: UpdateRequest): readonly CgroupWrite[] {
  const limit = Number(writes.find(({ file }) => file === 'memory.limit_in_bytes')?.value ?? NaN);
  const isRaised = memswBytes !== undefined && (limit < 0 || limit > memswBytes);
  return isRaised ? moveFirst(writes, 'memory.memsw.limit_in_bytes') : writes;
}

function moveFirst(writes: readonly CgroupWrite[], first: string): readonly CgroupWrite[] {
  return [...writes.filter(({ file }) => file === first), ...writes.filter(({ file }) => file !== first)];
}
