import type { Capabilities, Process, Rlimit, Scheduler, User } from '../types.js';
import { CAPABILITIES, RLIMIT } from '../../util/linux.js';
import {
  type Place,
  type Reader,
  flag,
  integer,
  list,
  object,
  oneOf,
  optional,
  refine,
  text,
  textOrNothing,
  withDefault,
} from './read.js';
import { absolutePath, id, numberList, uint64, variable } from './values.js';

const user: Reader<User> = object<User>({
  uid: id,
  gid: id,
  additionalGids: withDefault(list(id), []),
  // What runc has, whatever the umask of the engine is.
  umask: withDefault(integer(0, 0o777, 'a umask, 0–511'), 0o022),
});

const NOBODYS: User = { uid: 0, gid: 0, additionalGids: [], umask: 0o022 };

// What cannot be granted is a warning. @see runtime-spec 1.3.0, config.md "Linux Process"
const capabilityList: Reader<readonly string[]> = withDefault(
  refine(list(text), (names, place) =>
    names.filter((name) => {
      const isKnown = CAPABILITIES.some((known) => known === name);
      if (!isKnown) place.warn(`${JSON.stringify(name)} is no capability of Linux, and is left out`);
      return isKnown;
    }),
  ),
  [],
);

const capabilities: Reader<Capabilities> = object<Capabilities>({
  bounding: capabilityList,
  effective: capabilityList,
  permitted: capabilityList,
  inheritable: capabilityList,
  ambient: capabilityList,
});

const NO_CAPABILITIES: Capabilities = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };

const rlimit: Reader<Rlimit> = refine(
  object<Rlimit>({
    type: oneOf(Object.keys(RLIMIT), 'a resource limit of getrlimit(2) such as RLIMIT_NOFILE'),
    soft: uint64,
    hard: uint64,
  }),
  (limit, place) => {
    if (limit.soft > limit.hard) place.refuse(limit.soft, `at most the hard limit, ${limit.hard}`, 'soft');
    return limit;
  },
);

const rlimits: Reader<readonly Rlimit[]> = refine(list(rlimit), (limits, place) => {
  limits.forEach(({ type }, index) => {
    if (limits.findIndex((other) => other.type === type) === index) return;
    place.refuse(type, 'given once: it is there already', index, 'type');
  });
  return limits;
});

/** Those of sched_setattr(2) that Linux has: SCHED_ISO, which the runtime-spec also lists, never came to be. */
const SCHEDULING_POLICIES = ['SCHED_OTHER', 'SCHED_FIFO', 'SCHED_RR', 'SCHED_BATCH', 'SCHED_IDLE', 'SCHED_DEADLINE'];

const SCHEDULING_FLAGS = [
  'SCHED_FLAG_RESET_ON_FORK',
  'SCHED_FLAG_RECLAIM',
  'SCHED_FLAG_DL_OVERRUN',
  'SCHED_FLAG_KEEP_POLICY',
  'SCHED_FLAG_KEEP_PARAMS',
  'SCHED_FLAG_UTIL_CLAMP_MIN',
  'SCHED_FLAG_UTIL_CLAMP_MAX',
];

const scheduler: Reader<Scheduler> = refine(
  object<Scheduler>({
    policy: oneOf(SCHEDULING_POLICIES),
    nice: optional(integer(-20, 19, 'a nice value, -20–19')),
    priority: optional(integer(0, 99, 'a static priority, 0–99')),
    flags: optional(list(oneOf(SCHEDULING_FLAGS))),
    runtime: optional(uint64),
    deadline: optional(uint64),
    period: optional(uint64),
  }),
  checkScheduler,
);

function checkScheduler(value: Scheduler, place: Place): Scheduler {
  const { policy, priority = 0 } = value;
  const isRealTime = policy === 'SCHED_FIFO' || policy === 'SCHED_RR';
  if (isRealTime !== priority > 0) {
    const expected = isRealTime ? `a priority of ${policy}, 1–99` : `possible with ${policy}: it has no priority`;
    place.refuse(priority, expected, 'priority');
  }
  if (policy === 'SCHED_DEADLINE') return value;
  for (const field of ['runtime', 'deadline', 'period'] as const) {
    const expected = `possible with ${policy}: only SCHED_DEADLINE has one`;
    if (Number(value[field] ?? 0) > 0) place.refuse(value[field], expected, field);
  }
  return value;
}

const consoleSide = integer(0, 0xffff, 'a number of characters, 0–65535');

const consoleSize = object<NonNullable<Process['consoleSize']>>({ height: consoleSide, width: consoleSide });

/** The process of a config.json, or of `exec --process`. */
export const process: Reader<Process> = refine(
  object<Process>({
    args: refine(list(text), (args, place) => {
      // The engines know the program that is missing by these words.
      if (!args[0]) place.refuse(args, 'a command: executable file not found in $PATH');
      return args;
    }),
    env: withDefault(list(variable), []),
    cwd: absolutePath,
    user: withDefault(user, NOBODYS),
    capabilities: withDefault(capabilities, NO_CAPABILITIES),
    rlimits: withDefault(rlimits, []),
    noNewPrivileges: withDefault(flag, false),
    oomScoreAdj: optional(integer(-1000, 1000, 'a score, -1000–1000')),
    terminal: optional(flag),
    consoleSize: optional(consoleSize),
    apparmorProfile: textOrNothing,
    selinuxLabel: textOrNothing,
    scheduler: optional(scheduler),
    ioPriority: optional(
      object<NonNullable<Process['ioPriority']>>({
        class: oneOf(['IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE']),
        priority: integer(0, 7, 'a priority, 0–7'),
      }),
    ),
    execCPUAffinity: optional(
      object<NonNullable<Process['execCPUAffinity']>>({ initial: numberList, final: numberList }),
    ),
  }),
  ({ consoleSize: size, terminal, ...rest }) => ({
    ...rest,
    ...(terminal === true && { terminal, ...(size && { consoleSize: size }) }),
  }),
);
