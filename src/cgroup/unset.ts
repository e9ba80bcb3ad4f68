import { defined } from '../util/defined.js';
import type { BlockIoResources, CpuResources, MemoryResources, Resources } from '../spec/resources.js';

/**
 * Returns an engine's resources without the values that mean "not set": engines fill in a 0 where nothing was asked. Lists
 * stay as they are, so that an index means the same in both.
 *
 * @see opencontainers/runc, which writes none of them
 */
export function withoutUnset(resources: Resources): Resources {
  const { memory, cpu, pids, blockIO, network, ...rest } = resources;
  return {
    ...rest,
    ...(memory && { memory: unsetMemory(memory) }),
    ...(cpu && { cpu: unsetCpu(cpu) }),
    ...(pids?.limit === undefined ? {} : { pids }),
    ...(blockIO && { blockIO: unsetBlockIo(blockIO) }),
    ...(network && { network: network.classID === 0 ? defined({ priorities: network.priorities }) : network }),
  };
}

const unlessZero = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

// Kernel memory without a limit is how it is; cgroups have been hierarchical always, or since Linux 5.11.
function unsetMemory(memory: MemoryResources): MemoryResources {
  const { limit, swap, reservation, kernel, kernelTCP, swappiness, disableOOMKiller, checkBeforeUpdate } = memory;
  return defined({
    limit: unlessZero(limit),
    swap: unlessZero(swap),
    reservation: unlessZero(reservation),
    kernel: kernel === -1 ? undefined : unlessZero(kernel),
    kernelTCP: kernelTCP === -1 ? undefined : unlessZero(kernelTCP),
    swappiness: swappiness === -1 ? undefined : swappiness,
    disableOOMKiller: disableOOMKiller === true ? true : undefined,
    checkBeforeUpdate,
  });
}

// No burst and no idling are values like any other: an update may go back to them.
function unsetCpu({ cpus, mems, burst, idle, ...times }: CpuResources): CpuResources {
  return defined({
    shares: unlessZero(times.shares),
    quota: unlessZero(times.quota),
    period: unlessZero(times.period),
    realtimeRuntime: unlessZero(times.realtimeRuntime),
    realtimePeriod: unlessZero(times.realtimePeriod),
    burst,
    idle,
    cpus: cpus === '' ? undefined : cpus,
    mems: mems === '' ? undefined : mems,
  });
}

function unsetBlockIo({ weight, leafWeight, ...lists }: BlockIoResources): BlockIoResources {
  return defined({ weight: unlessZero(weight), leafWeight: unlessZero(leafWeight), ...lists });
}
