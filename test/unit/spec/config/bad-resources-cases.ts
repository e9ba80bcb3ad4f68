import { type Part, resources } from './cases.js';

/** What is wrong in `linux.resources`. */
export const BAD_RESOURCES: readonly (readonly [pointer: string, given: Part, expected: string])[] = [
  ['/linux/resources/devices/0/allow', resources({ devices: [{}] }), 'undefined is not true or false'],
  ['/linux/resources/devices/0/type', resources({ devices: [{ allow: true, type: 'p' }] }), '"p" is not a, b, c'],
  [
    '/linux/resources/devices/0/major',
    resources({ devices: [{ allow: true, major: -2 }] }),
    '-2 is not a number of a device',
  ],
  [
    '/linux/resources/devices/0/access',
    resources({ devices: [{ allow: true, access: 'x' }] }),
    '"x" is not made of the letters',
  ],
  ['/linux/resources/memory/limit', resources({ memory: { limit: 1.5 } }), '1.5 is not a whole number, or -1'],
  ['/linux/resources/memory/limit', resources({ memory: { limit: '1m' } }), '"1m" is not a whole number, or -1'],
  [
    '/linux/resources/memory/swap',
    resources({ memory: { swap: 18446744073709551616n } }),
    '18446744073709551616 is not a whole number',
  ],
  [
    '/linux/resources/memory/swap',
    resources({ memory: { swap: -9223372036854775809n } }),
    '-9223372036854775809 is not a whole number',
  ],
  ['/linux/resources/memory/swappiness', resources({ memory: { swappiness: 101 } }), '101 is not a swappiness'],
  ['/linux/resources/cpu/shares', resources({ cpu: { shares: -1 } }), '-1 is not a weight'],
  [
    '/linux/resources/cpu/quota',
    resources({ cpu: { quota: 999 } }),
    '999 is not a time in microseconds, at least 1000',
  ],
  ['/linux/resources/cpu/period', resources({ cpu: { period: 1000001 } }), '1000001 is not a time in microseconds'],
  [
    '/linux/resources/cpu/burst',
    resources({ cpu: { quota: 1000, burst: 1001 } }),
    '1001 is not at most the quota, 1000',
  ],
  ['/linux/resources/cpu/cpus', resources({ cpu: { cpus: 'a' } }), '"a" is not a list of numbers'],
  ['/linux/resources/cpu/idle', resources({ cpu: { idle: 2 } }), '2 is not 0 or 1'],
  ['/linux/resources/pids/limit', resources({ pids: { limit: 'max' } }), '"max" is not a whole number'],
  ['/linux/resources/blockIO/weight', resources({ blockIO: { weight: 9 } }), '9 is not a weight, 10–1000'],
  [
    '/linux/resources/blockIO/weightDevice/0',
    resources({ blockIO: { weightDevice: [{ major: 1, minor: 1 }] } }),
    'is not a device with a weight or a leafWeight',
  ],
  [
    '/linux/resources/blockIO/throttleReadIOPSDevice/0/rate',
    resources({ blockIO: { throttleReadIOPSDevice: [{ major: 1, minor: 1, rate: -1 }] } }),
    '-1 is not a whole number',
  ],
  [
    '/linux/resources/hugepageLimits/0/pageSize',
    resources({ hugepageLimits: [{ pageSize: '2M', limit: 1 }] }),
    '"2M" is not a page size',
  ],
  [
    '/linux/resources/network/classID',
    resources({ network: { classID: 4294967296 } }),
    '4294967296 is not a whole number',
  ],
  [
    '/linux/resources/network/priorities/0/name',
    resources({ network: { priorities: [{ name: 'a b', priority: 1 }] } }),
    '"a b" is not the name of a network interface',
  ],
  ['/linux/resources/rdma/x', resources({ rdma: { x: {} } }), '{} is not a limit of hcaHandles or hcaObjects'],
  ['/linux/resources/unified', resources({ unified: { '../x': '1' } }), '"../x" is not the name of a file of a cgroup'],
];
