import type { Seccomp, SeccompArgument, SeccompRule } from '../seccomp.js';
import {
  type Place,
  type Reader,
  integer,
  list,
  object,
  oneOf,
  optional,
  refine,
  text,
  textOrNothing,
} from './read.js';
import { absolutePathOrNothing, uint64 } from './values.js';

/** What a profile may say, in the words of libseccomp. @see runtime-spec 1.3.0, config-linux.md "Seccomp" */
export const SECCOMP_WORDS = {
  actions: [
    'SCMP_ACT_ALLOW',
    'SCMP_ACT_ERRNO',
    'SCMP_ACT_KILL',
    'SCMP_ACT_KILL_PROCESS',
    'SCMP_ACT_KILL_THREAD',
    'SCMP_ACT_LOG',
    'SCMP_ACT_NOTIFY',
    'SCMP_ACT_TRACE',
    'SCMP_ACT_TRAP',
  ],
  operators: [
    'SCMP_CMP_EQ',
    'SCMP_CMP_GE',
    'SCMP_CMP_GT',
    'SCMP_CMP_LE',
    'SCMP_CMP_LT',
    'SCMP_CMP_MASKED_EQ',
    'SCMP_CMP_NE',
  ],
  // A filter is made for those that this CPU can run; the others are known, and left out.
  architectures: [
    'SCMP_ARCH_AARCH64',
    'SCMP_ARCH_ARM',
    'SCMP_ARCH_LOONGARCH64',
    'SCMP_ARCH_M68K',
    'SCMP_ARCH_MIPS',
    'SCMP_ARCH_MIPS64',
    'SCMP_ARCH_MIPS64N32',
    'SCMP_ARCH_MIPSEL',
    'SCMP_ARCH_MIPSEL64',
    'SCMP_ARCH_MIPSEL64N32',
    'SCMP_ARCH_PARISC',
    'SCMP_ARCH_PARISC64',
    'SCMP_ARCH_PPC',
    'SCMP_ARCH_PPC64',
    'SCMP_ARCH_PPC64LE',
    'SCMP_ARCH_RISCV64',
    'SCMP_ARCH_S390',
    'SCMP_ARCH_S390X',
    'SCMP_ARCH_SH',
    'SCMP_ARCH_SHEB',
    'SCMP_ARCH_X32',
    'SCMP_ARCH_X86',
    'SCMP_ARCH_X86_64',
  ],
  flags: [
    'SECCOMP_FILTER_FLAG_LOG',
    'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
    'SECCOMP_FILTER_FLAG_TSYNC',
    'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
  ],
} as const;

const argument: Reader<SeccompArgument> = object<SeccompArgument>({
  index: integer(0, 5, 'the index of an argument, 0–5'),
  value: uint64,
  valueTwo: optional(uint64),
  op: oneOf(SECCOMP_WORDS.operators),
});

const action: Reader<string> = oneOf(SECCOMP_WORDS.actions);

const errno = optional(integer(0, 0xffff, 'an error number, 0–65535'));

const rule: Reader<SeccompRule> = refine(
  object<SeccompRule>({
    names: refine(list(text), (names, place) =>
      names.length > 0 ? names : place.refuse(names, 'a list with at least one name of a system call'),
    ),
    action,
    errnoRet: errno,
    args: optional(list(argument)),
  }),
  (value, place) => {
    checkErrno(value.action, value.errnoRet, place, 'errnoRet');
    return value;
  },
);

/** @see runtime-spec 1.3.0, config-linux.md "Seccomp" */
export const seccomp: Reader<Seccomp> = refine(
  object<Seccomp>({
    defaultAction: action,
    defaultErrnoRet: errno,
    architectures: optional(list(oneOf(SECCOMP_WORDS.architectures, 'an architecture such as SCMP_ARCH_X86_64'))),
    flags: optional(list(oneOf(SECCOMP_WORDS.flags))),
    listenerPath: absolutePathOrNothing,
    listenerMetadata: textOrNothing,
    syscalls: optional(list(rule)),
  }),
  (value, place) => {
    checkErrno(value.defaultAction, value.defaultErrnoRet, place, 'defaultErrnoRet');
    if (value.listenerMetadata !== undefined && value.listenerPath === undefined) {
      place.refuse(value.listenerMetadata, 'possible without listenerPath', 'listenerMetadata');
    }
    return value;
  },
);

function checkErrno(word: string, errnoRet: number | undefined, place: Place, field: string): void {
  if (errnoRet === undefined || word === 'SCMP_ACT_ERRNO' || word === 'SCMP_ACT_TRACE') return;
  place.refuse(errnoRet, `possible with ${word}: it returns no error number`, field);
}
