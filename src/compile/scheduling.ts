import { ConfigError } from '../errors/config-error.js';
import type { Step } from '../plan/steps.js';
import type { Linux, Process, Scheduler } from '../spec/types.js';
import {
  IOPRIO_CLASS,
  IOPRIO_CLASS_SHIFT,
  MPOL,
  MPOL_F,
  PERSONALITY,
  SCHED_FLAG,
  SCHED_POLICY,
} from '../util/linux-process.js';

/**
 * How the kernel is to treat the process: its turns on the CPU and on disks, where its memory lies.
 *
 * @throws ConfigError for a name that the runtime-spec does not have
 * @see runtime-spec config.md "scheduler", "ioPriority"; config-linux.md "memoryPolicy"
 */
export function compileScheduling({ scheduler, ioPriority }: Process, { memoryPolicy }: Linux): readonly Step[] {
  return [
    ...(scheduler === undefined ? [] : [compileScheduler(scheduler)]),
    ...(ioPriority === undefined ? [] : [compileIoPriority(ioPriority)]),
    ...(memoryPolicy === undefined ? [] : [compileMemoryPolicy(memoryPolicy)]),
  ];
}

function compileScheduler({ policy, flags = [], nice, priority, runtime, deadline, period }: Scheduler): Step {
  const pointer = '/process/scheduler';
  return {
    op: 'set-scheduler',
    policy: lookUp(SCHED_POLICY, policy, `${pointer}/policy`),
    flags: orAll(SCHED_FLAG, flags, `${pointer}/flags`),
    nice: nice ?? 0,
    priority: priority ?? 0,
    runtime: runtime ?? 0,
    deadline: deadline ?? 0,
    period: period ?? 0,
  };
}

const LOWEST_IO_PRIORITY = 7;

function compileIoPriority({ class: name, priority }: NonNullable<Process['ioPriority']>): Step {
  const pointer = '/process/ioPriority';
  const level = lookUp(IOPRIO_CLASS, name, `${pointer}/class`);
  if (!Number.isInteger(priority) || priority < 0 || priority > LOWEST_IO_PRIORITY) {
    throw new ConfigError(`${pointer}/priority`, priority, 'a number from 0 to 7');
  }
  return { op: 'set-io-priority', priority: (level << IOPRIO_CLASS_SHIFT) | priority };
}

function compileMemoryPolicy({ mode, nodes, flags = [] }: NonNullable<Linux['memoryPolicy']>): Step {
  const pointer = '/linux/memoryPolicy';
  return {
    op: 'set-memory-policy',
    mode: lookUp(MPOL, mode, `${pointer}/mode`) | orAll(MPOL_F, flags, `${pointer}/flags`),
    nodes: parseList(nodes ?? '', `${pointer}/nodes`),
  };
}

/**
 * Returns the step for the execution domain.
 *
 * @throws ConfigError for another domain, or flags: the runtime-spec defines none
 * @see personality(2)
 */
export function compilePersonality({ personality }: Linux): readonly Step[] {
  if (personality === undefined) return [];
  const { domain, flags = [] } = personality;
  if (flags.length > 0) throw new ConfigError('/linux/personality/flags', flags, 'empty: none are defined');
  return [{ op: 'set-personality', domain: lookUp(PERSONALITY, domain, '/linux/personality/domain') }];
}

/** The CPUs of an entered process while it enters. @throws ConfigError for what is no list of CPUs */
export function compileInitialAffinity({ execCPUAffinity: affinity }: Process): readonly Step[] {
  const cpus = parseList(affinity?.initial ?? '', '/process/execCPUAffinity/initial');
  return cpus.length === 0 ? [] : [{ op: 'set-cpu-affinity', cpus, initial: 1 }];
}

/** Its CPUs from then on; where none are named, those that its cgroup has. @throws ConfigError for what is no list of CPUs */
export function compileFinalAffinity({ execCPUAffinity: affinity }: Process): readonly Step[] {
  const initial = parseList(affinity?.initial ?? '', '/process/execCPUAffinity/initial');
  const cpus = parseList(affinity?.final ?? '', '/process/execCPUAffinity/final');
  return initial.length === 0 && cpus.length === 0 ? [] : [{ op: 'set-cpu-affinity', cpus, initial: 0 }];
}

function lookUp(table: Readonly<Record<string, number>>, name: string, pointer: string): number {
  const value = Object.hasOwn(table, name) ? table[name] : undefined;
  if (value === undefined) throw new ConfigError(pointer, name, `one of ${Object.keys(table).join(', ')}`);
  return value;
}

function orAll(table: Readonly<Record<string, number>>, names: readonly string[], pointer: string): number {
  return names.reduce((bits, name, index) => bits | lookUp(table, name, `${pointer}/${String(index)}`), 0);
}

/** As many CPUs and memory nodes as corral-init can name. */
const MOST = 1024;

/** Reads a list as `0-3,7`. @see cpuset(7) "List format" */
function parseList(text: string, pointer: string): readonly number[] {
  const numbers = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => parseRange(part, pointer, text));
  return [...new Set(numbers)].sort((one, other) => one - other);
}

function parseRange(part: string, pointer: string, text: string): readonly number[] {
  const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last < first || last >= MOST) {
    throw new ConfigError(pointer, text, `a list such as 0-3,7, of numbers below ${String(MOST)}`);
  }
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
