import { type Part, inNamespaces, linux, range, seccomp } from './cases.js';

/** What is wrong in `linux`. */
export const BAD_LINUX: readonly (readonly [pointer: string, given: Part, expected: string])[] = [
  ['/linux', { linux: [] }, '[] is not an object'],
  ['/linux/namespaces/0/type', linux({ namespaces: [{ type: 'net' }] }), '"net" is not user, mount, pid, '],
  ['/linux/namespaces/0/path', linux({ namespaces: [{ type: 'pid', path: 'x' }] }), '"x" is not an absolute path'],
  ['/linux/namespaces/1/type', inNamespaces(['pid', 'pid'], {}), '"pid" is not given once'],
  ['/linux/uidMappings', linux({ uidMappings: [range] }), 'is not possible without a user namespace'],
  ['/linux/gidMappings', linux({ gidMappings: [range] }), 'is not possible without a user namespace'],
  ['/linux/gidMappings', inNamespaces(['user'], { uidMappings: [range] }), '[] is not a list with a range'],
  ['/linux/uidMappings', inNamespaces(['user'], { gidMappings: [range] }), '[] is not a list with a range'],
  [
    '/linux/uidMappings/0/size',
    inNamespaces(['user'], { uidMappings: [{ ...range, size: 0 }] }),
    '0 is not a number of ids',
  ],
  [
    '/linux/uidMappings/0',
    inNamespaces(['user'], { uidMappings: [{ ...range, hostID: 4294967290 }] }),
    'it ends beyond 4294967294',
  ],
  [
    '/linux/uidMappings/0/containerID',
    inNamespaces(['user'], {
      uidMappings: [
        { ...range, containerID: 9 },
        { ...range, hostID: 5000 },
      ],
    }),
    '9 is not free',
  ],
  [
    '/linux/uidMappings/1/hostID',
    inNamespaces(['user'], { uidMappings: [range, { ...range, containerID: 50 }] }),
    '1000 is not free',
  ],
  [
    '/linux/uidMappings',
    inNamespaces(['user'], {
      uidMappings: Array.from({ length: 341 }, (_, n) => ({ containerID: n, hostID: n, size: 1 })),
    }),
    'is not a list of at most 340 ranges',
  ],
  ['/linux/maskedPaths', linux({ maskedPaths: ['/x'] }), 'is not possible without a mount namespace'],
  ['/linux/maskedPaths/0', inNamespaces(['mount'], { maskedPaths: ['x'] }), '"x" is not an absolute path'],
  ['/linux/readonlyPaths', linux({ readonlyPaths: ['/x'] }), 'is not possible without a mount namespace'],
  [
    '/linux/sysctl/kernel.panic',
    inNamespaces(['ipc'], { sysctl: { 'kernel.panic': '1' } }),
    '"kernel.panic" is not a kernel parameter of a namespace',
  ],
  [
    '/linux/sysctl/net~1core~1somaxconn',
    linux({ sysctl: { 'net/core/somaxconn': '1' } }),
    'is not possible without a network namespace',
  ],
  ['/linux/sysctl/net.x', linux({ sysctl: { 'net.x': 1 } }), '1 is not text'],
  ['/linux/rootfsPropagation', linux({ rootfsPropagation: 'x' }), '"x" is not shared, slave, private or unbindable'],
  ['/linux/intelRdt', linux({ intelRdt: {} }), '{} is not possible: corral does not manage resctrl'],
  ['/linux/personality/domain', linux({ personality: { domain: 'BSD' } }), '"BSD" is not LINUX, LINUX32'],
  ['/linux/personality/flags', linux({ personality: { domain: 'LINUX', flags: ['x'] } }), '["x"] is not empty'],
  ['/linux/memoryPolicy/mode', linux({ memoryPolicy: { mode: 'x' } }), '"x" is not MPOL_DEFAULT, '],
  [
    '/linux/memoryPolicy/nodes',
    linux({ memoryPolicy: { mode: 'MPOL_LOCAL', nodes: '0' } }),
    '"0" is not possible with MPOL_LOCAL',
  ],
  [
    '/linux/memoryPolicy/nodes',
    linux({ memoryPolicy: { mode: 'MPOL_BIND' } }),
    'undefined is not a list of nodes for MPOL_BIND',
  ],
  ['/linux/timeOffsets', linux({ timeOffsets: { monotonic: {} } }), 'is not possible without a time namespace'],
  [
    '/linux/timeOffsets',
    linux({ namespaces: [{ type: 'time', path: '/x' }], timeOffsets: { monotonic: {} } }),
    'that is there has its offsets',
  ],
  [
    '/linux/timeOffsets',
    inNamespaces(['time'], { timeOffsets: { realtime: {} } }),
    '"realtime" is not monotonic, boottime',
  ],
  [
    '/linux/timeOffsets/boottime/nanosecs',
    inNamespaces(['time'], { timeOffsets: { boottime: { nanosecs: 1e9 } } }),
    '1000000000 is not a number',
  ],
  ['/linux/netDevices', linux({ netDevices: { eth0: {} } }), 'is not possible without a network namespace'],
  [
    '/linux/netDevices',
    inNamespaces(['network'], { netDevices: { 'a/b': {} } }),
    '"a/b" is not the name of a network interface',
  ],
  [
    '/linux/netDevices/a/name',
    inNamespaces(['network'], { netDevices: { a: { name: '..' } } }),
    '".." is not the name of',
  ],
  [
    '/linux/netDevices/b/name',
    inNamespaces(['network'], { netDevices: { a: {}, b: { name: 'a' } } }),
    '"a" is not free',
  ],
  ['/linux/devices/0/type', linux({ devices: [{ type: 'x', path: '/x' }] }), '"x" is not b, c, u, p'],
  ['/linux/devices/0/path', linux({ devices: [{ type: 'p', path: 'x' }] }), '"x" is not an absolute path'],
  [
    '/linux/devices/0/major',
    linux({ devices: [{ type: 'c', path: '/x', minor: 1 }] }),
    'undefined is not a major number',
  ],
  [
    '/linux/devices/0/minor',
    linux({ devices: [{ type: 'u', path: '/x', major: 1 }] }),
    'undefined is not a minor number',
  ],
  [
    '/linux/devices/0/major',
    linux({ devices: [{ type: 'b', path: '/x', major: 4096, minor: 1 }] }),
    '4096 is not a major number',
  ],
  ['/linux/seccomp/defaultAction', linux({ seccomp: {} }), 'undefined is not SCMP_ACT_ALLOW, '],
  [
    '/linux/seccomp/defaultErrnoRet',
    linux({ seccomp: { defaultAction: 'SCMP_ACT_ALLOW', defaultErrnoRet: 1 } }),
    '1 is not possible with SCMP_ACT_ALLOW',
  ],
  ['/linux/seccomp/architectures/0', seccomp({ architectures: ['x'] }), '"x" is not an architecture'],
  ['/linux/seccomp/flags/0', seccomp({ flags: ['x'] }), '"x" is not SECCOMP_FILTER_FLAG_LOG, '],
  ['/linux/seccomp/listenerPath', seccomp({ listenerPath: 'x' }), '"x" is not an absolute path'],
  ['/linux/seccomp/listenerMetadata', seccomp({ listenerMetadata: 'x' }), '"x" is not possible without listenerPath'],
  [
    '/linux/seccomp/syscalls/0/names',
    seccomp({ syscalls: [{ names: [], action: 'SCMP_ACT_LOG' }] }),
    'at least one name',
  ],
  [
    '/linux/seccomp/syscalls/0/action',
    seccomp({ syscalls: [{ names: ['a'], action: 'x' }] }),
    '"x" is not SCMP_ACT_ALLOW, ',
  ],
  [
    '/linux/seccomp/syscalls/0/errnoRet',
    seccomp({ syscalls: [{ names: ['a'], action: 'SCMP_ACT_LOG', errnoRet: 1 }] }),
    '1 is not possible with SCMP_ACT_LOG',
  ],
  [
    '/linux/seccomp/syscalls/0/args/0/index',
    seccomp({ syscalls: [{ names: ['a'], action: 'SCMP_ACT_LOG', args: [{ index: 6 }] }] }),
    '6 is not the index of an argument',
  ],
  [
    '/linux/seccomp/syscalls/0/args/0/op',
    seccomp({ syscalls: [{ names: ['a'], action: 'SCMP_ACT_LOG', args: [{ index: 0, value: 0, op: 'x' }] }] }),
    '"x" is not SCMP_CMP_EQ, ',
  ],
];
