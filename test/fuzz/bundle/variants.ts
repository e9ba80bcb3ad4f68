import type { Part } from '../../unit/spec/config/cases.js';
import { inNamespaces, linux, process, resources, seccomp } from '../../unit/spec/config/cases.js';

const ALL = ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'] as const;
const idRange = (containerID: number, hostID: number, size: number): Part => ({ containerID, hostID, size });
const joined = (type: string, file: string): Part =>
  linux({
    namespaces: [
      ...ALL.filter((each) => each !== type).map((each) => ({ type: each })),
      { type, path: `/proc/self/ns/${file}` },
    ],
  });

/** Parts of a config.json that this sandbox can mostly run, for fields that the unit tests have with other hosts' values. */
export const VARIANTS: readonly Part[] = [
  inNamespaces([...ALL, 'user'], { uidMappings: [idRange(0, 0, 1000)], gidMappings: [idRange(0, 0, 1000)] }),
  inNamespaces([...ALL, 'user'], {
    uidMappings: [idRange(0, 1000, 1), idRange(1, 0, 1000)],
    gidMappings: [idRange(0, 1000, 1)],
  }),
  inNamespaces([...ALL, 'time'], { timeOffsets: { monotonic: { secs: 86_400, nanosecs: 1 } } }),
  inNamespaces(['mount'], {}),
  inNamespaces(['mount', 'user', 'pid'], { uidMappings: [idRange(0, 0, 1)], gidMappings: [idRange(0, 0, 1)] }),
  inNamespaces(['mount', 'network'], {}),
  joined('network', 'net'),
  joined('ipc', 'ipc'),
  joined('uts', 'uts'),
  joined('pid', 'pid'),
  joined('cgroup', 'cgroup'),
  inNamespaces([...ALL, 'ipc'], {}),
  inNamespaces(ALL, { rootfsPropagation: 'private' }),
  inNamespaces(ALL, { rootfsPropagation: 'slave' }),
  inNamespaces(ALL, { maskedPaths: ['/proc/kcore', '/missing'], readonlyPaths: ['/proc/sys', '/missing'] }),
  inNamespaces(ALL, { sysctl: { 'net.ipv4.ip_forward': '1', 'kernel.shmmax': '65536', 'kernel.domainname': 'd' } }),
  inNamespaces(ALL, { devices: [{ type: 'c', path: '/dev/fuse', major: 10, minor: 229 }] }),
  inNamespaces(ALL, { devices: [{ type: 'p', path: '/dev/pipe', fileMode: 0o600 }] }),
  process({ user: { uid: 1, gid: 1, additionalGids: [2, 3], umask: 0o77 } }),
  process({ noNewPrivileges: true, capabilities: { bounding: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'] } }),
  process({ capabilities: { bounding: ['CAP_CHOWN'], effective: ['CAP_KILL'], ambient: ['CAP_KILL'] } }),
  process({ rlimits: [{ type: 'RLIMIT_NOFILE', soft: 64, hard: 64 }] }),
  process({ oomScoreAdj: 500, scheduler: { policy: 'SCHED_BATCH', nice: 5 } }),
  process({ ioPriority: { class: 'IOPRIO_CLASS_IDLE', priority: 0 } }),
  process({ terminal: true, consoleSize: { height: 25, width: 80 } }),
  process({ args: ['/bin/sh'] }),
  process({ args: ['sh', '-c', 'kill -9 $$'] }),
  process({ args: ['sh', '-c', 'exit 7'], cwd: '/new/directory' }),
  process({ args: ['missing'] }),
  process({ execCPUAffinity: { initial: '0', final: '0' } }),
  resources({ pids: { limit: 20 } }),
  resources({ memory: { limit: 67_108_864 } }),
  resources({ cpu: { quota: 50_000, period: 100_000, shares: 512 } }),
  resources({ devices: [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }] }),
  resources({ unified: { 'cgroup.max.depth': '3', 'cgroup.max.descendants': '4' } }),
  seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'unshare'], action: 'SCMP_ACT_ERRNO' }] }),
  seccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['execve'], action: 'SCMP_ACT_KILL_PROCESS' }] }),
  seccomp({ defaultAction: 'SCMP_ACT_LOG', flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'] }),
  { root: { path: 'rootfs', readonly: true } },
  { root: { path: 'source' } },
  { root: { path: '/' } },
  {
    hooks: {
      createRuntime: [{ path: '/bin/true' }],
      createContainer: [{ path: '/bin/true', args: ['true', 'a'], env: ['A=b'], timeout: 5 }],
      startContainer: [{ path: '/bin/sh', args: ['sh', '-c', 'exit 0'] }],
      poststart: [{ path: '/bin/true' }],
      poststop: [{ path: '/bin/true' }],
    },
  },
  { hooks: { poststart: [{ path: '/bin/false' }] } },
  { hooks: { prestart: [{ path: '/bin/false' }], poststop: [{ path: '/bin/false' }] } },
  { hooks: { createContainer: [{ path: '/bin/false' }] } },
  { hooks: { startContainer: [{ path: '/bin/missing' }] } },
  ...mounts(),
];

function mounts(): readonly Part[] {
  const proc = { destination: '/proc', type: 'proc', source: 'proc' };
  const with_ = (...more: readonly Part[]): Part => ({ mounts: [proc, ...more] });
  return [
    with_({ destination: '/x', source: 'source', options: ['bind', 'ro', 'nosuid'] }),
    with_({ destination: '/x/y', source: 'source', type: 'bind', options: ['rbind', 'rro', 'rslave'] }),
    with_({ destination: '/etc/file', source: 'file', options: ['bind'] }),
    with_({ destination: '/etc', type: 'tmpfs', options: ['tmpcopyup', 'mode=0700', 'size=1m'] }),
    with_({ destination: '/x', type: 'tmpfs' }, { destination: '/x', options: ['remount', 'ro', 'bind'] }),
    with_({ destination: '/dev', type: 'tmpfs' }, { destination: '/dev/mqueue', type: 'mqueue' }),
    with_({ destination: '/sys', type: 'sysfs', options: ['ro'] }, { destination: '/sys/fs/cgroup', type: 'cgroup' }),
    with_({ destination: '/cg', type: 'cgroup2', source: 'cgroup' }),
    with_({ destination: '/bin/sh', source: 'file', options: ['bind'] }),
    with_({ destination: '/link/x', source: 'source', options: ['bind'] }),
    with_({ destination: '/', type: 'tmpfs' }),
    with_({ destination: '/proc/sys', type: 'tmpfs' }),
    { mounts: [] },
  ];
}
