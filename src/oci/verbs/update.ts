import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { updateEngineContainer } from '../../container/engine/update.js';
import { OptionError } from '../../errors/option-error.js';
import { parseResources } from '../../spec/config/config.js';
import type { Resources } from '../../spec/resources.js';
import { parseSize } from '../../util/size.js';
import { readText } from '../bundle.js';
import { refusedFlag } from '../flag-words.js';
import type { Verb, VerbCall } from '../verb.js';

interface UpdateFlags {
  readonly resources?: string;
  readonly blkioWeight?: number;
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuBurst?: number;
  readonly cpuShare?: number;
  readonly cpuIdle?: number;
  readonly cpuRtPeriod?: number;
  readonly cpuRtRuntime?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly memory?: number;
  readonly memoryReservation?: number;
  readonly memorySwap?: number;
  readonly pidsLimit?: number;
}

/** `corral-oci update` */
export const update: Verb = {
  operands: '<container-id>',
  description: 'Changes the limits of a container: all that are given, or none.',
  configure: (command: Command) => {
    command
      .option(
        '-r, --resources <FILE>',
        'the resources of a config.json; - is standard input; no other flag counts then',
      )
      .option('--blkio-weight <N>', 'weight of its block I/O, 10–1000', integer)
      .option('--cpu-period <USEC>', 'period of the CPU quota', integer)
      .option('--cpu-quota <USEC>', 'CPU time in each period; -1: no limit', integer)
      .option('--cpu-burst <USEC>', 'what may be saved up beyond it', integer)
      .option('--cpu-share <N>', 'CPU shares, 2–262144', integer)
      .option('--cpu-idle <N>', '1: it gets what nobody else wants', integer)
      .option('--cpu-rt-period <USEC>', 'period of the real-time limit, cgroup v1', integer)
      .option('--cpu-rt-runtime <USEC>', 'CPU time of real-time processes in each of its periods', integer)
      .option('--cpuset-cpus <LIST>', 'CPUs such as 0-3,7')
      .option('--cpuset-mems <LIST>', 'memory nodes')
      .option('--memory <BYTES>', 'memory; -1: no limit', size)
      .option('--memory-reservation <BYTES>', 'soft limit of memory', size)
      .option('--memory-swap <BYTES>', 'memory and swap together; -1: no limit', size)
      .option('--pids-limit <N>', 'processes and threads; -1: no limit', integer)
      .addOption(refusedFlag('--kernel-memory <BYTES>', 'Linux has had no such limit since 5.16'))
      .addOption(refusedFlag('--kernel-memory-tcp <BYTES>', 'it is set by the memory section of --resources'))
      .addOption(refusedFlag('--l3-cache-schema <SCHEMA>', 'Intel RDT is not supported'))
      .addOption(refusedFlag('--mem-bw-schema <SCHEMA>', 'Intel RDT is not supported'));
  },
  act: async ({ operands: [id = ''], flags, globals: { store } }: VerbCall<UpdateFlags>) => {
    const { resources } = flags;
    const source = resources === '-' ? readFileSync(0) : resources === undefined ? undefined : readText(resources);
    const given = source === undefined ? fromFlags(flags) : parseResources(source);
    await updateEngineContainer(store, id, given);
    return 0;
  },
};

function fromFlags(flags: UpdateFlags): Resources {
  const memory = pick({ limit: flags.memory, reservation: flags.memoryReservation, swap: flags.memorySwap });
  const cpu = pick({
    quota: flags.cpuQuota,
    period: flags.cpuPeriod,
    burst: flags.cpuBurst,
    shares: flags.cpuShare,
    idle: flags.cpuIdle,
    realtimePeriod: flags.cpuRtPeriod,
    realtimeRuntime: flags.cpuRtRuntime,
    cpus: flags.cpusetCpus,
    mems: flags.cpusetMems,
  });
  const given: Resources = {
    ...(memory && { memory }),
    ...(cpu && { cpu }),
    ...(flags.pidsLimit === undefined ? {} : { pids: { limit: flags.pidsLimit } }),
    ...(flags.blkioWeight === undefined ? {} : { blockIO: { weight: flags.blkioWeight } }),
  };
  // Read like a section of a config.json: a value that makes no sense is named as it is there.
  if (Object.keys(given).length > 0) return parseResources(JSON.stringify(given));
  throw new OptionError('resources', undefined, 'given, and neither is any other limit');
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is not there. @returns `undefined` when nothing is left */
function pick<T extends object>(values: T): Present<T> | undefined {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Present<T>);
}

function integer(value: string): number {
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not a whole number.`);
}

function size(value: string): number {
  if (value === '-1') return -1;
  const bytes = parseSize(value);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not a size such as 256M.`);
}
