import type { ContainerOptions } from '../../spec/options.js';
import type { FileFlags } from '../launch-options.js';
import type { Flag } from './flag.js';
import { integer, label, list, octal, pair, text, variable } from './readers.js';

const CONTAINER = 'Container';
const FILES = 'Files';
const NAMESPACES = 'Namespaces (default: private, all of them)';
const LIMITS = 'Limits';
const PROCESS = 'Process';
const PRIVILEGES = 'Privileges';

/** The flags whose values are files with options in them. */
export const FILE_FLAGS = {
  file: {
    flags: '-f, --file <FILE>',
    help: 'a file of options, such as corral.json; -: standard input. Flags override it, or add to its lists',
    group: CONTAINER,
    read: text,
  },
  envFile: {
    flags: '--env-file <FILE>',
    help: 'file of variables: a KEY=VALUE or KEY on each line',
    group: PROCESS,
    read: list,
  },
  labelFile: {
    flags: '--label-file <FILE>',
    help: 'file of labels: a KEY=VALUE or KEY on each line',
    group: CONTAINER,
    read: list,
  },
} as const satisfies Record<keyof FileFlags, Flag>;

/** The flag of every option that a container has. */
export const CONTAINER_FLAGS = {
  name: { flags: '--name <NAME>', help: 'its name (default: 12 random hex digits)', group: CONTAINER, read: text },
  labels: {
    flags: '-l, --label <KEY[=VALUE]>',
    help: 'note something about it, for ps --filter label=KEY',
    group: CONTAINER,
    read: label,
  },
  isolation: {
    flags: '--isolation <full|cgroup>',
    help: 'cgroup: no namespaces, only limits and a sure end',
    group: CONTAINER,
    read: text,
  },
  nest: {
    flags: '--nest',
    help: 'it may hold containers of its own, to any depth',
    group: CONTAINER,
    value: true,
    opposite: '--no-nest',
  },
  api: {
    flags: '--api',
    help: "it has the supervisor's socket, to manage what is below it",
    group: CONTAINER,
    value: true,
    opposite: '--no-api',
  },
  init: {
    flags: '--no-init',
    help: 'the command is process 1: nothing reaps orphans or hands on signals',
    group: CONTAINER,
    value: false,
    opposite: '--init',
  },
  dieWithParent: {
    flags: '--no-die-with-parent',
    help: 'let it live on when corral itself is killed',
    group: CONTAINER,
    value: false,
    opposite: '--die-with-parent',
  },
  cgroupParent: {
    flags: '--cgroup-parent <PATH>',
    help: 'the cgroup to live below (default: corral), or a slice of systemd’s',
    group: CONTAINER,
    read: text,
  },
  cgroupDriver: {
    flags: '--cgroup-driver <cgroupfs|systemd>',
    help: 'who makes its cgroup (default: the right one for this host)',
    group: CONTAINER,
    read: text,
  },

  rootfs: {
    flags: '--rootfs <DIR>',
    help: 'root filesystem (default: a throw-away layer over the host’s own)',
    group: FILES,
    read: text,
  },
  readOnly: {
    flags: '--read-only',
    help: 'the root filesystem cannot be written',
    group: FILES,
    value: true,
    opposite: '--no-read-only',
  },
  volumes: {
    flags: '-v, --volume <SRC:DST[:ro]>',
    help: 'show a directory or file of the host inside',
    group: FILES,
    read: list,
  },
  tmpfs: {
    flags: '--tmpfs <DST[:OPTIONS]>',
    help: 'an empty file system in memory: /scratch:size=64m',
    group: FILES,
    read: list,
  },
  expose: { flags: '--expose <PATH>', help: 'show what is hidden by default: /root/.ssh', group: FILES, read: list },

  net: {
    flags: '--net <private|none|host>',
    help: 'network: loopback only, not even that, or the host’s',
    group: NAMESPACES,
    read: text,
    aliases: ['--network'],
  },
  userns: { flags: '--userns <private|host>', help: 'user ids', group: NAMESPACES, read: text },
  pid: { flags: '--pid <private|host>', help: 'processes', group: NAMESPACES, read: text },
  ipc: { flags: '--ipc <private|host>', help: 'System V and POSIX IPC', group: NAMESPACES, read: text },
  uts: { flags: '--uts <private|host>', help: 'host name', group: NAMESPACES, read: text },
  cgroupns: { flags: '--cgroupns <private|host>', help: 'view of the cgroup tree', group: NAMESPACES, read: text },
  hostname: {
    flags: '--hostname <NAME>',
    help: 'host name inside (default: the container’s name)',
    group: NAMESPACES,
    read: text,
  },
  sysctl: {
    flags: '--sysctl <KEY=VALUE>',
    help: 'kernel parameter of its own namespaces',
    group: NAMESPACES,
    read: pair,
  },

  memory: { flags: '-m, --memory <SIZE>', help: 'RAM, such as 256M; also turns swap off', group: LIMITS, read: text },
  memorySwap: {
    flags: '--memory-swap <SIZE|max>',
    help: 'RAM and swap together; max: all the swap there is',
    group: LIMITS,
    read: text,
  },
  memoryReservation: {
    flags: '--memory-reservation <SIZE>',
    help: 'soft limit: what is above it is reclaimed first',
    group: LIMITS,
    read: text,
  },
  cpus: { flags: '--cpus <NUMBER>', help: 'CPUs’ worth of time, such as 1.5', group: LIMITS, read: text },
  cpuShares: { flags: '--cpu-shares <WEIGHT>', help: '2–262144 (default: 1024)', group: LIMITS, read: integer },
  cpusetCpus: { flags: '--cpuset-cpus <LIST>', help: 'CPUs to run on: 0-3,7', group: LIMITS, read: text },
  cpusetMems: { flags: '--cpuset-mems <LIST>', help: 'NUMA nodes to allocate from', group: LIMITS, read: text },
  pids: {
    flags: '--pids-limit <NUMBER>',
    help: 'processes and threads at one time',
    group: LIMITS,
    read: integer,
    aliases: ['--pids'],
  },
  ioWeight: {
    flags: '--io-weight <WEIGHT>',
    help: 'block I/O against siblings, 10–1000',
    group: LIMITS,
    read: integer,
    aliases: ['--blkio-weight'],
  },
  deviceReadBps: {
    flags: '--device-read-bps <DEV:RATE>',
    help: 'bytes a second: /dev/sda:10M',
    group: LIMITS,
    read: list,
  },
  deviceWriteBps: { flags: '--device-write-bps <DEV:RATE>', help: 'bytes a second', group: LIMITS, read: list },
  deviceReadIops: { flags: '--device-read-iops <DEV:RATE>', help: 'operations a second', group: LIMITS, read: list },
  deviceWriteIops: {
    flags: '--device-write-iops <DEV:RATE>',
    help: 'operations a second',
    group: LIMITS,
    read: list,
  },

  env: {
    flags: '-e, --env <KEY[=VALUE]>',
    help: 'variable; without a value, the caller’s own is passed on',
    group: PROCESS,
    read: variable,
  },
  cwd: {
    flags: '-w, --cwd <DIR>',
    help: 'working directory (default: the caller’s, / with --rootfs)',
    group: PROCESS,
    read: text,
    aliases: ['--workdir'],
  },
  user: { flags: '-u, --user <USER[:GROUP]>', help: 'names or ids (default: 0:0)', group: PROCESS, read: text },
  groups: { flags: '--group-add <GROUP>', help: 'additional group, name or id', group: PROCESS, read: list },
  umask: { flags: '--umask <OCTAL>', help: 'file mode creation mask (default: 022)', group: PROCESS, read: octal },
  ulimits: { flags: '--ulimit <NAME=SOFT[:HARD]>', help: 'such as nofile=1024:4096', group: PROCESS, read: list },
  oomScoreAdj: {
    flags: '--oom-score-adj <NUMBER>',
    help: 'when memory is short: -1000 (never killed) to 1000 (first)',
    group: PROCESS,
    read: integer,
  },
  terminal: {
    flags: '-t, --tty',
    help: 'a terminal of its own; with -i, keys go to it',
    group: PROCESS,
    value: true,
  },

  capAdd: { flags: '--cap-add <CAPABILITY>', help: 'NET_ADMIN, ALL …', group: PRIVILEGES, read: list },
  capDrop: { flags: '--cap-drop <CAPABILITY>', help: 'CHOWN, ALL …', group: PRIVILEGES, read: list },
  noNewPrivileges: {
    flags: '--allow-new-privileges',
    help: 'setuid programs and file capabilities take effect',
    group: PRIVILEGES,
    value: false,
    opposite: '--no-new-privileges',
  },
  seccomp: {
    flags: '--seccomp <unconfined|FILE>',
    help: 'system calls: all of them, or a profile (default: one like Docker’s)',
    group: PRIVILEGES,
    read: text,
  },
} as const satisfies Record<keyof ContainerOptions, Flag>;
