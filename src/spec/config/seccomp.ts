import type { Seccomp, SeccompArgument, SeccompRule } from '../seccomp.js';
import { SECCOMP_WORDS } from '../seccomp-words.js';
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
