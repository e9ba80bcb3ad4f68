import { OptionError } from '../../errors/option-error.js';
import type { UpdateOptions } from '../../spec/options.js';
import { CONTAINER_FLAGS } from './container.js';
import type { Flag, Reader } from './flag.js';

const LIMITS = 'Limits';

/** A whole number, or `max`; its range is checked where the option is read. */
const integerOrMax: Reader = (value, { option }) => {
  if (value === 'max' || value === '-1') return 'max';
  if (/^-?\d+$/.test(value)) return Number(value);
  throw new OptionError(option, value, 'a whole number, or max');
};

/** A text, or `max`, which docker and runc write as -1. */
const textOrMax: Reader = (value) => (value === '-1' ? 'max' : value);

const { memoryReservation, cpuShares, cpusetCpus, cpusetMems, ioWeight } = CONTAINER_FLAGS;
const { deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops } = CONTAINER_FLAGS;

/** The flag of every limit that can be changed while a container runs. */
export const UPDATE_FLAGS = {
  memory: { flags: '-m, --memory <SIZE|max>', help: 'RAM, such as 256M', group: LIMITS, read: textOrMax },
  memorySwap: {
    flags: '--memory-swap <SIZE|max>',
    help: 'RAM and swap together',
    group: LIMITS,
    read: textOrMax,
  },
  memoryReservation,
  cpus: { flags: '--cpus <NUMBER|max>', help: 'CPUs’ worth of time: 1.5', group: LIMITS, read: textOrMax },
  cpuShares,
  cpusetCpus,
  cpusetMems,
  pids: {
    flags: '--pids-limit <NUMBER|max>',
    help: 'processes and threads at one time',
    group: LIMITS,
    read: integerOrMax,
    aliases: ['--pids'],
  },
  ioWeight,
  deviceReadBps,
  deviceWriteBps,
  deviceReadIops,
  deviceWriteIops,
} as const satisfies Record<keyof UpdateOptions, Flag>;
