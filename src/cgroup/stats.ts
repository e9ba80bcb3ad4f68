import { defined } from '../util/defined.js';
import { readIfPresent } from './files.js';
import { isFrozen } from './freeze.js';
import { readMemoryMax, readPidsMax } from './limits.js';
import { countProcesses, countThreads } from './processes.js';
import type { CgroupRef } from './types.js';
import {
  type Pressures,
  type Usage,
  readNumber,
  readNumberV1,
  readCurrentPressure,
  readCurrentUsage,
  readPressure,
  readUsage,
} from './usage.js';

/** A container's resources at this moment. What this host cannot tell is absent, never 0. */
export interface Stats extends Usage {
  readonly memoryBytes?: number | undefined;
  /** Absent: no limit, or not known. */
  readonly memoryMaxBytes?: number | undefined;
  readonly swapBytes?: number | undefined;
  /** The most swap at one time, on cgroup v2 from Linux 6.5 on. */
  readonly swapPeakBytes?: number | undefined;
  /** Processes, without their threads. */
  readonly processes: number;
  /** Processes and threads. */
  readonly pids?: number | undefined;
  /** Absent: no limit, or not known. */
  readonly pidsMax?: number | undefined;
  readonly frozen: boolean;
  readonly pressure: Pressures;
}

/** How much is read of it. */
export interface StatsOptions {
  /** Only what is watched from second to second: without peaks, swap, and how the CPU time was spent. */
  readonly brief?: boolean;
}

/** Reads a container's resources as they are now. @see cgroup-v2.rst "Controllers"; cgroup-v1/memory.rst */
export function readStats(ref: CgroupRef, { brief = false }: StatsOptions = {}): Stats {
  const { v2, v1 } = ref;
  return {
    ...(brief ? readCurrentUsage(ref) : readUsage(ref)),
    ...defined({
      memoryBytes: readNumber(v2, 'memory', 'memory.current') ?? readNumberV1(v1, 'memory', 'memory.usage_in_bytes'),
      memoryMaxBytes: readMemoryMax(ref),
      ...(brief ? {} : readSwap(ref)),
      pids: readNumber(v2, 'pids', 'pids.current') ?? readNumberV1(v1, 'pids', 'pids.current') ?? countThreads(ref),
      pidsMax: readPidsMax(ref),
    }),
    processes: countProcesses(ref),
    frozen: isFrozen(ref),
    pressure: brief ? readCurrentPressure(ref) : readPressure(ref),
  };
}

function readSwap(ref: CgroupRef): Pick<Stats, 'swapBytes' | 'swapPeakBytes'> {
  return {
    swapBytes: readNumber(ref.v2, 'memory', 'memory.swap.current') ?? readSwapV1(ref),
    swapPeakBytes: readNumber(ref.v2, 'memory', 'memory.swap.peak'),
  };
}

// v1 counts memory and swap together; `swap` in its statistics is swap alone.
function readSwapV1({ v1 }: CgroupRef): number | undefined {
  const directory = v1.find(({ controllers }) => controllers.includes('memory'));
  if (directory === undefined) return undefined;
  const [, bytes] = /^total_swap (\d+)$/m.exec(readIfPresent(`${directory.path}/memory.stat`) ?? '') ?? [];
  return bytes === undefined ? undefined : Number(bytes);
}
