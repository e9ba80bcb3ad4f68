/**
 * The words of a profile, and what they are to the kernel.
 *
 * @see runtime-spec 1.3.0, config-linux.md "Seccomp", and seccomp(2)
 * @packageDocumentation
 */

import { SECCOMP_WORDS } from '../../spec/seccomp-words.js';
import { SECCOMP_FLAG } from '../../util/linux.js';

/** What a filter returns, without the data in its lower 16 bits. */
export const RET = {
  killProcess: 0x8000_0000,
  killThread: 0,
  trap: 0x0003_0000,
  errno: 0x0005_0000,
  notify: 0x7fc0_0000,
  trace: 0x7ff0_0000,
  log: 0x7ffc_0000,
  allow: 0x7fff_0000,
} as const;

export const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: RET.killThread,
  SCMP_ACT_KILL_THREAD: RET.killThread,
  SCMP_ACT_KILL_PROCESS: RET.killProcess,
  SCMP_ACT_TRAP: RET.trap,
  SCMP_ACT_ERRNO: RET.errno,
  SCMP_ACT_TRACE: RET.trace,
  SCMP_ACT_ALLOW: RET.allow,
  SCMP_ACT_LOG: RET.log,
  SCMP_ACT_NOTIFY: RET.notify,
} satisfies Record<(typeof SECCOMP_WORDS.actions)[number], number>;

/** Those that take a number, and the largest: the kernel cuts an errno off at MAX_ERRNO. */
export const LARGEST_DATA: ReadonlyMap<number, number> = new Map([
  [RET.errno, 4095],
  [RET.trace, 0xffff],
]);

export const OPERATORS = SECCOMP_WORDS.operators;

export type Operator = (typeof OPERATORS)[number];

export const FLAGS: Readonly<Record<string, number>> = {
  // There is one thread only: it has nobody to share the filter with.
  SECCOMP_FILTER_FLAG_TSYNC: 0,
  SECCOMP_FILTER_FLAG_LOG: SECCOMP_FLAG.LOG,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: SECCOMP_FLAG.SPEC_ALLOW,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: SECCOMP_FLAG.WAIT_KILLABLE_RECV,
} satisfies Record<(typeof SECCOMP_WORDS.flags)[number], number>;

export const ARCHITECTURES = SECCOMP_WORDS.architectures;
