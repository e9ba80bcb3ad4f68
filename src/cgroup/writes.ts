import type { CgroupWrite } from '../plan/types.js';
import type { Resources } from '../spec/resources.js';
import type { Controller } from './resources.js';
import { type FieldWrite, pointerTo, valueAt, type Writer, type WriteRules } from './rules.js';
import * as blkioV1 from './v1/blkio.js';
import * as cpuV1 from './v1/cpu.js';
import * as cpusetV1 from './v1/cpuset.js';
import * as hugetlbV1 from './v1/hugetlb.js';
import * as memoryV1 from './v1/memory.js';
import * as netClsV1 from './v1/net-cls.js';
import * as netPrioV1 from './v1/net-prio.js';
import * as pidsV1 from './v1/pids.js';
import * as rdmaV1 from './v1/rdma.js';
import * as cpuV2 from './v2/cpu.js';
import * as cpusetV2 from './v2/cpuset.js';
import * as hugetlbV2 from './v2/hugetlb.js';
import * as ioV2 from './v2/io.js';
import * as memoryV2 from './v2/memory.js';
import * as pidsV2 from './v2/pids.js';
import * as rdmaV2 from './v2/rdma.js';

/** On v2, packets are marked by programs, and no file does it. */
const V2: Readonly<Record<Exclude<Controller, 'net_cls' | 'net_prio'>, Writer>> = {
  cpuset: cpusetV2.writes,
  cpu: cpuV2.writes,
  memory: memoryV2.writes,
  pids: pidsV2.writes,
  io: ioV2.writes,
  hugetlb: hugetlbV2.writes,
  rdma: rdmaV2.writes,
};

const V1: Readonly<Record<Controller, Writer>> = {
  cpuset: cpusetV1.writes,
  cpu: cpuV1.writes,
  memory: memoryV1.writes,
  pids: pidsV1.writes,
  io: blkioV1.writes,
  hugetlb: hugetlbV1.writes,
  rdma: rdmaV1.writes,
  net_cls: netClsV1.writes,
  net_prio: netPrioV1.writes,
};

/** Returns the name that a controller has on v1. */
export function nameOnV1(controller: Controller): string {
  return controller === 'io' ? 'blkio' : controller;
}

/**
 * Returns what is written for one controller's resources, in an order that the kernel takes in a new cgroup.
 *
 * @param resources - an engine's without what means "not set"
 * @throws ConfigError for what an engine asks and this version of cgroups has nothing for
 */
export function listWrites(
  version: 1 | 2,
  controller: Controller,
  resources: Resources,
  rules: WriteRules,
): readonly CgroupWrite[] {
  const table: Readonly<Partial<Record<Controller, Writer>>> = version === 2 ? V2 : V1;
  const list = table[controller]?.(resources, rules) ?? [];
  return list.map((write) => toCgroupWrite(write, resources, rules));
}

/** Returns the first field that asks for a controller, by its pointer and value. */
export function firstAsked(controller: Controller, resources: Resources, rules: WriteRules): CgroupWrite['asked'] {
  return listWrites(1, controller, resources, rules)[0]?.asked;
}

/** The fields are for the errors of engines. */
function toCgroupWrite({ field, ...write }: FieldWrite, resources: Resources, rules: WriteRules): CgroupWrite {
  if (rules.engine === undefined) return write;
  return { ...write, asked: { pointer: pointerTo(field, rules), value: valueAt(resources, field) } };
}
