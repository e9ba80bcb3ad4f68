import { type Part, hook, inNamespaces, linux, process, range, resources, seccomp } from './cases.js';

/** What is right: a part of a config.json, and what of the spec comes of it, where it is not the same. */
export const GOOD: readonly (readonly [name: string, given: Part, expected?: object])[] = [
  ['older and odd versions', { ociVersion: '1.0.0-rc5' }],
  ['a version with a build', { ociVersion: '1.2.3-dev+x' }],
  ['names of the host', { hostname: 'a', domainname: 'b.c', linux: { namespaces: [{ type: 'uts' }] } }],
  [
    'hooks',
    {
      hooks: {
        prestart: [hook],
        createRuntime: [hook],
        createContainer: [],
        startContainer: [hook],
        poststart: [hook],
        poststop: [{ path: '/x' }],
      },
    },
  ],
  ['a terminal', process({ terminal: true, consoleSize: { height: 25, width: 80 } })],
  ['a user', process({ user: { uid: 1, gid: 4294967294, additionalGids: [5, 6], umask: 63 } })],
  ['limits of the process', process({ rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 18446744073709551615n }] })],
  ['privileges', process({ noNewPrivileges: true, oomScoreAdj: -1000, apparmorProfile: 'a', selinuxLabel: 'b' })],
  [
    'a scheduler',
    process({ scheduler: { policy: 'SCHED_OTHER', nice: -20, priority: 0, flags: ['SCHED_FLAG_RECLAIM'] } }),
  ],
  ['a real-time scheduler', process({ scheduler: { policy: 'SCHED_RR', priority: 99 } })],
  [
    'a deadline',
    process({ scheduler: { policy: 'SCHED_DEADLINE', runtime: 1, deadline: 2, period: 9223372036854775808n } }),
  ],
  ['priorities', process({ ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 7 } })],
  ['CPUs', process({ execCPUAffinity: { initial: '0-3,7', final: '1' } })],
  [
    'CPUs that are not said',
    process({ execCPUAffinity: { initial: '', final: '1' } }),
    { process: { execCPUAffinity: { final: '1' } } },
  ],
  ['namespaces', linux({ namespaces: [{ type: 'time' }, { type: 'network', path: '/run/netns/a' }, { type: 'pid' }] })],
  [
    'namespaces that leave their path empty',
    linux({ namespaces: [{ type: 'pid', path: '' }] }),
    { linux: { namespaces: [{ type: 'pid' }] } },
  ],
  [
    'mappings',
    inNamespaces(['user'], { uidMappings: [range, { containerID: 10, hostID: 2000, size: 1 }], gidMappings: [range] }),
  ],
  [
    'mappings of a namespace that is there',
    linux({ namespaces: [{ type: 'user', path: '/u' }], uidMappings: [range], gidMappings: [range] }),
  ],
  ['a user namespace whose ids corral chooses', inNamespaces(['user'], {})],
  [
    'idmapped mounts',
    {
      mounts: [
        { destination: '/x', source: '/y', options: ['bind', 'idmap'], uidMappings: [range], gidMappings: [range] },
      ],
    },
    { mounts: [{ uidMappings: [range], gidMappings: [range] }] },
  ],
  [
    'mounts with the mapping of the user namespace',
    { ...inNamespaces(['user'], {}), mounts: [{ destination: '/x', source: '/y', options: ['bind', 'ridmap'] }] },
    { mounts: [{ options: ['bind', 'ridmap'] }] },
  ],
  ['hidden paths', inNamespaces(['mount'], { maskedPaths: ['/proc/kcore'], readonlyPaths: ['/proc/sys'] })],
  [
    'kernel parameters',
    inNamespaces(['network', 'ipc'], { sysctl: { 'net.ipv4.ip_forward': '1', 'kernel/shmmax': '2' } }),
  ],
  [
    'devices',
    linux({
      devices: [
        { type: 'b', path: '/dev/a', major: 8, minor: 0, fileMode: 0o100660, uid: 1, gid: 2 },
        { type: 'p', path: '/p' },
      ],
    }),
    {
      linux: {
        devices: [
          { type: 'b', path: '/dev/a', major: 8, minor: 0, fileMode: 0o660, uid: 1, gid: 2 },
          { type: 'p', path: '/p' },
        ],
      },
    },
  ],
  ['network devices', inNamespaces(['network'], { netDevices: { eth0: { name: 'a' }, eth1: {} } })],
  ['clocks', inNamespaces(['time'], { timeOffsets: { monotonic: { secs: -5, nanosecs: 999999999 }, boottime: {} } })],
  ['a memory policy', linux({ memoryPolicy: { mode: 'MPOL_BIND', nodes: '0-1', flags: ['MPOL_F_STATIC_NODES'] } })],
  ['memory policies without nodes', linux({ memoryPolicy: { mode: 'MPOL_PREFERRED' } })],
  [
    'the default memory policy',
    linux({ memoryPolicy: { mode: 'MPOL_DEFAULT', nodes: '' } }),
    { linux: { memoryPolicy: { mode: 'MPOL_DEFAULT' } } },
  ],
  [
    'a personality',
    linux({ personality: { domain: 'LINUX32', flags: [] } }),
    { linux: { personality: { domain: 'LINUX32' } } },
  ],
  ['a personality alone', linux({ personality: { domain: 'LINUX' } })],
  ['other things', linux({ cgroupsPath: 'a:b:c', mountLabel: 'l', rootfsPropagation: 'shared' })],
  [
    'propagation in its long form',
    linux({ rootfsPropagation: 'runbindable' }),
    { linux: { rootfsPropagation: 'unbindable' } },
  ],
  [
    'seccomp',
    seccomp({
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/a.sock',
      listenerMetadata: 'x',
      syscalls: [
        {
          names: ['a'],
          action: 'SCMP_ACT_TRACE',
          errnoRet: 1,
          args: [{ index: 5, value: 18446744073709551615n, valueTwo: 1, op: 'SCMP_CMP_EQ' }],
        },
      ],
    }),
  ],
  [
    'rules for devices',
    resources({ devices: [{ allow: false }, { allow: true, type: 'c', major: -1, minor: 5, access: 'rw' }] }),
  ],
  [
    'rules for devices with nothing in them',
    resources({ devices: [{ allow: true, type: '', access: '' }] }),
    { linux: { resources: { devices: [{ allow: true }] } } },
  ],
  [
    'memory',
    resources({
      memory: {
        limit: -1,
        swap: 5,
        reservation: 6,
        kernel: -1,
        kernelTCP: 7,
        swappiness: 60,
        disableOOMKiller: true,
        useHierarchy: true,
        checkBeforeUpdate: true,
      },
    }),
  ],
  [
    'amounts that mean no limit',
    resources({
      memory: { limit: 9223372036854771712n, swap: -2, swappiness: 18446744073709551615n },
      pids: { limit: 9223372036854775807n },
    }),
    { linux: { resources: { memory: { limit: -1, swap: -1 }, pids: { limit: -1 } } } },
  ],
  ['no processes', resources({ pids: { limit: 0 } })],
  ['no limit of processes', resources({ pids: {} }), { linux: { resources: {} } }],
  [
    'CPU time',
    resources({
      cpu: {
        shares: 2,
        quota: 1000,
        burst: 1000,
        period: 1000000,
        realtimeRuntime: 5,
        realtimePeriod: 6,
        cpus: '0-1',
        mems: '0',
        idle: 1,
      },
    }),
  ],
  ['CPU time without a limit', resources({ cpu: { quota: -1, burst: 5 } })],
  [
    'block devices',
    resources({
      blockIO: {
        weight: 10,
        leafWeight: 1000,
        weightDevice: [{ major: 8, minor: 0, weight: 500 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 0 }],
      },
    }),
  ],
  [
    'a rate that no device has',
    resources({ blockIO: { throttleWriteBpsDevice: [{ major: 1, minor: 2, rate: 18446744073709551615n }] } }),
    { linux: { resources: { blockIO: { throttleWriteBpsDevice: [{ rate: 9007199254740991 }] } } } },
  ],
  [
    'the rest',
    resources({
      hugepageLimits: [{ pageSize: '2MB', limit: 9223372036854772000n }],
      network: { classID: 1048577, priorities: [{ name: 'eth0', priority: 500 }] },
      rdma: { mlx5_1: { hcaHandles: 3 }, b: { hcaObjects: 1 } },
      unified: { 'memory.high': '1', 'hugetlb.1GB.max': '0' },
    }),
  ],
];
