import type { Cpu } from '../../../../src/host/facts.js';
import { type Abi, ARCHITECTURES_OF, readTable } from '../../../../src/compile/seccomp/architectures.js';
import type { Seccomp, SeccompArgument, SeccompRule } from '../../../../src/spec/seccomp.js';
import type { SeccompData } from '../../../helpers/bpf.js';

const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
};

const valueOf = (action: string, errno: number | undefined): number =>
  ACTIONS[action]! + (action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? (errno ?? 1) : 0);

function holds({ index, op, value, valueTwo = 0 }: SeccompArgument, args: readonly bigint[], wide: boolean): boolean {
  const cut = (number: bigint | number): bigint => BigInt.asUintN(wide ? 64 : 32, BigInt(number));
  const argument = cut(args[index]!);
  switch (op) {
    case 'SCMP_CMP_NE':
      return argument !== cut(value);
    case 'SCMP_CMP_LT':
      return argument < cut(value);
    case 'SCMP_CMP_LE':
      return argument <= cut(value);
    case 'SCMP_CMP_EQ':
      return argument === cut(value);
    case 'SCMP_CMP_GE':
      return argument >= cut(value);
    case 'SCMP_CMP_GT':
      return argument > cut(value);
    default:
      return (argument & cut(value)) === cut(valueTwo);
  }
}

function matches({ args = [] }: SeccompRule, data: SeccompData, wide: boolean): boolean {
  const repeated = new Set(args.map(({ index }) => index)).size < args.length;
  const test = (argument: SeccompArgument): boolean => holds(argument, data.args, wide);
  return repeated ? args.some(test) : args.every(test);
}

interface Place {
  readonly abi: Abi;
  readonly number: number;
}

function findPlace(cpu: Cpu, architectures: readonly string[], data: SeccompData): Place | 'kill' | 'default' {
  const [native] = ARCHITECTURES_OF[cpu];
  const found = ARCHITECTURES_OF[cpu].find(({ audit }) => audit === data.architecture);
  if (found === undefined) return 'kill';
  const abi = found.abis.find(({ base, size }) => data.number >= base && data.number < base + size)!;
  if (abi === native.abis[0] || architectures.includes(abi.name)) return { abi, number: data.number - abi.base };
  return data.number === 0xffffffff && found === native ? 'default' : 'kill';
}

/** What a profile says about a system call, read rule by rule; of 32-bit x86 without what socketcall(2) and ipc(2) are. */
export function judge(profile: Seccomp, cpu: Cpu, data: SeccompData): number {
  const { architectures = [], syscalls = [] } = profile;
  const byDefault = valueOf(profile.defaultAction, profile.defaultErrnoRet);
  const place = findPlace(cpu, architectures, data);
  if (place === 'kill') return 0x80000000;
  if (place === 'default') return byDefault;
  const table = readTable(place.abi.table);
  const value = ({ action, errnoRet }: SeccompRule): number => valueOf(action, errnoRet);
  const about = syscalls.filter(({ names }) => names.some((name) => table.get(name) === place.number));
  const rules = about.filter((rule) => value(rule) !== byDefault);
  const rule =
    rules.find(({ args = [] }) => args.length === 0) ?? rules.find((each) => matches(each, data, place.abi.wide));
  if (rule !== undefined) return value(rule);
  const named = syscalls.flatMap(({ names }) => names.map((name) => table.get(name) ?? -1));
  const last = Math.max(-1, ...named.filter((number) => number < place.abi.end));
  const permissive = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(profile.defaultAction);
  const isNew = about.length === 0 && last >= 0 && place.number > last && place.number < place.abi.end;
  return isNew && !permissive ? 0x50000 + 38 : byDefault;
}
