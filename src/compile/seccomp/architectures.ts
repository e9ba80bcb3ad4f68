import type { Cpu } from '../../host/facts.js';
import { ARM } from './tables/arm.js';
import { ARM64 } from './tables/arm64.js';
import { X32 } from './tables/x32.js';
import { X86_64 } from './tables/x86-64.js';
import { X86 } from './tables/x86.js';
import { IPC_CALLS, SOCKET_CALLS } from './multiplexers.js';

/** What the kernel tells a filter apart by `seccomp_data.arch`. */
export interface Architecture {
  /** AUDIT_ARCH_*, linux/audit.h */
  readonly audit: number;
  readonly abis: readonly Abi[];
}

/** One set of numbers. */
export interface Abi {
  /** `SCMP_ARCH_X86_64` */
  readonly name: string;
  /** Of system calls, for {@link readTable}. */
  readonly table: string;
  /** What its numbers start from: x32 has those of x86-64, with a bit set. */
  readonly base: number;
  /** How many numbers there are from there on. */
  readonly size: number;
  /** Where the numbers end that new system calls are given: what is behind is special. */
  readonly end: number;
  /** Arguments have 64 bits. */
  readonly wide: boolean;
  /** Calls that can also be made by way of another one. */
  readonly multiplexed?: ReadonlyMap<string, Multiplexed>;
}

export interface Multiplexed {
  /** The call that does it: `socketcall`. */
  readonly by: string;
  /** What its first argument is then, behind a mask. */
  readonly selector: number;
  readonly mask: number;
}

/** Set in every number of x32, __X32_SYSCALL_BIT. */
export const X32_BIT = 0x4000_0000;

const MULTIPLEXED: Abi['multiplexed'] = new Map([
  ...SOCKET_CALLS.map((name, index): [string, Multiplexed] => [
    name,
    { by: 'socketcall', selector: index + 1, mask: 0xffff_ffff },
  ]),
  // The upper half of the first argument is a version, which the kernel looks at elsewhere.
  ...Object.entries(IPC_CALLS).map(([name, selector]): [string, Multiplexed] => [
    name,
    { by: 'ipc', selector, mask: 0xffff },
  ]),
]);

const ALL_NUMBERS = { base: 0, size: 2 ** 32, end: 2 ** 32 };

const X86_64_ABI: Abi = { name: 'SCMP_ARCH_X86_64', table: X86_64, base: 0, size: X32_BIT, end: X32_BIT, wide: true };
// libseccomp, too, compares 32 bits of what x32 passes.
const X32_ABI: Abi = {
  name: 'SCMP_ARCH_X32',
  table: X32,
  base: X32_BIT,
  size: 2 ** 32 - X32_BIT,
  end: 512,
  wide: false,
};
const X86_ABI: Abi = { name: 'SCMP_ARCH_X86', table: X86, ...ALL_NUMBERS, wide: false, multiplexed: MULTIPLEXED };
const ARM64_ABI: Abi = { name: 'SCMP_ARCH_AARCH64', table: ARM64, ...ALL_NUMBERS, wide: true };
// Behind __ARM_NR_BASE are calls of the architecture's own.
const ARM_ABI: Abi = { name: 'SCMP_ARCH_ARM', table: ARM, ...ALL_NUMBERS, end: 0xf_0000, wide: false };

/** What a processor can run, its own architecture first; the first ABI of that is always part of a filter. */
export const ARCHITECTURES_OF: Readonly<Record<Cpu, readonly [Architecture, ...Architecture[]]>> = {
  x64: [
    { audit: 0xc000_003e, abis: [X86_64_ABI, X32_ABI] },
    { audit: 0x4000_0003, abis: [X86_ABI] },
  ],
  arm64: [
    { audit: 0xc000_00b7, abis: [ARM64_ABI] },
    { audit: 0x4000_0028, abis: [ARM_ABI] },
  ],
};

const read = new Map<string, ReadonlyMap<string, number>>();

/**
 * Returns the numbers of system calls by name.
 *
 * @param table - names in the order of their numbers; `=N` gives the number of the next one, which else follows on
 */
export function readTable(table: string): ReadonlyMap<string, number> {
  const known = read.get(table);
  if (known !== undefined) return known;
  const numbers = new Map<string, number>();
  let next = 0;
  for (const word of table.trim().split(/\s+/)) {
    if (word.startsWith('=')) next = Number(word.slice(1));
    else numbers.set(word, next++);
  }
  read.set(table, numbers);
  return numbers;
}
