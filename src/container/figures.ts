import { type Figures as CgroupFigures, type Level as CgroupLevel, readFigures } from '../cgroup/figures.js';
import type { DeviceCount as CgroupDeviceCount, Stall as CgroupStall } from '../cgroup/figures-parse.js';
import type { State } from './state.js';

/** What a container's cgroups count, in full. */
export type Figures = CgroupFigures;
/** A usage with its limit. */
export type Level = CgroupLevel;
/** A count of one device. */
export type DeviceCount = CgroupDeviceCount;
/** How long tasks have stalled for want of a resource. */
export type Stall = CgroupStall;

/** Reads what a container's cgroups count. What this host cannot tell is absent. */
export function figuresOf({ cgroup }: Pick<State, 'cgroup'>): Figures {
  return readFigures(cgroup);
}
