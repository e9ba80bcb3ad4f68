import type { Rlimit } from '../../spec/types.js';
import { RLIMIT, RLIM_INFINITY } from '../../util/linux.js';
import { fieldOf } from '../../util/proc-fields.js';

/** What /proc/PID/status says of the rights of a process. */
export interface Rights {
  /** In the kernel's numbering. */
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly bounding: bigint;
  /** How many filters of system calls it is under; `undefined` where the kernel does not tell: before 5.9. */
  readonly filters: number | undefined;
  /** It makes no use of filters at all. */
  readonly unfiltered: boolean;
}

/** Reads the text of /proc/PID/status. @see proc_pid_status(5) */
export function parseRights(text: string): Rights {
  const word = (name: string): string | undefined => fieldOf(text, name);
  const mask = (name: string): bigint => BigInt(`0x${word(name) ?? '0'}`);
  const filters = word('Seccomp_filters');
  return {
    effective: mask('CapEff'),
    permitted: mask('CapPrm'),
    bounding: mask('CapBnd'),
    filters: filters === undefined ? undefined : Number(filters),
    unfiltered: (word('Seccomp') ?? '0') === '0',
  };
}

const NAMES: Readonly<Record<string, keyof typeof RLIMIT>> = {
  'Max cpu time': 'RLIMIT_CPU',
  'Max file size': 'RLIMIT_FSIZE',
  'Max data size': 'RLIMIT_DATA',
  'Max stack size': 'RLIMIT_STACK',
  'Max core file size': 'RLIMIT_CORE',
  'Max resident set': 'RLIMIT_RSS',
  'Max processes': 'RLIMIT_NPROC',
  'Max open files': 'RLIMIT_NOFILE',
  'Max locked memory': 'RLIMIT_MEMLOCK',
  'Max address space': 'RLIMIT_AS',
  'Max file locks': 'RLIMIT_LOCKS',
  'Max pending signals': 'RLIMIT_SIGPENDING',
  'Max msgqueue size': 'RLIMIT_MSGQUEUE',
  'Max nice priority': 'RLIMIT_NICE',
  'Max realtime priority': 'RLIMIT_RTPRIO',
  'Max realtime timeout': 'RLIMIT_RTTIME',
};

/** Reads the text of /proc/PID/limits. @see proc_pid_limits(5) */
export function parseRlimits(text: string): readonly Rlimit[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', soft = '', hard = ''] =
      /^(Max [a-z ]+?) {2,}(\d+|unlimited) +(\d+|unlimited)\b/.exec(line) ?? [];
    const type = NAMES[name];
    return type === undefined ? [] : [{ type, soft: toLimit(soft), hard: toLimit(hard) }];
  });
}

/** Returns limits of which none is above another's: who is not root of the host can raise none of its own. */
export function lowerRlimits(limits: readonly Rlimit[], own: readonly Rlimit[]): readonly Rlimit[] {
  return limits.map((limit) => {
    const most = own.find(({ type }) => type === limit.type)?.hard ?? limit.hard;
    return { ...limit, soft: least(limit.soft, most), hard: least(limit.hard, most) };
  });
}

const toLimit = (word: string): number | bigint => (word === 'unlimited' ? RLIM_INFINITY : Number(word));
const least = (one: number | bigint, other: number | bigint): number | bigint => (one < other ? one : other);
