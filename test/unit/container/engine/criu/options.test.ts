import { expect, test } from 'vitest';
import {
  type CriuFlags,
  dumpOptions,
  dumpedNamespace,
  listJoined,
  restoreOptions,
  restoredNamespace,
} from '../../../../../src/container/engine/criu/options.js';
import { dumpedStreams, inheritedStreams } from '../../../../../src/container/engine/criu/streams.js';

const FLAGS: CriuFlags = {
  program: 'criu',
  imagePath: '/images',
  tcpEstablished: false,
  extUnixSk: false,
  shellJob: false,
  fileLocks: false,
  lazyPages: false,
  autoDedup: false,
};
const DUMPED = { pid: 7, root: '/srv/web', external: ['mnt[/data]:/data'] };
const PLAIN = { leaveRunning: false, preDump: false, tcpSkipInFlight: false, linkRemap: false };

test('criu is told to dump as runc tells it', () => {
  expect(dumpOptions({ ...FLAGS, ...PLAIN }, { images: 5 }, DUMPED)).toMatchObject({
    imagesDirFd: 5,
    workDirFd: undefined,
    logFile: 'dump.log',
    notifyScripts: true,
    emptyNs: 0x4000_0000,
    manageCgroups: true,
    manageCgroupsMode: 3,
    orphanPtsMaster: true,
    trackMem: false,
    ...DUMPED,
  });
});

test.each([
  ['tcpEstablished', 'tcpEstablished'],
  ['extUnixSk', 'extUnixSk'],
  ['shellJob', 'shellJob'],
  ['fileLocks', 'fileLocks'],
  ['lazyPages', 'lazyPages'],
  ['autoDedup', 'autoDedup'],
  ['leaveRunning', 'leaveRunning'],
  ['tcpSkipInFlight', 'tcpSkipInFlight'],
  ['linkRemap', 'linkRemap'],
  ['preDump', 'trackMem'],
] as const)('%s is criu’s %s', (flag, option) => {
  const ask = (value: boolean): unknown =>
    dumpOptions({ ...FLAGS, ...PLAIN, [flag]: value }, { images: 5 }, DUMPED)[option];
  expect([ask(false), ask(true)]).toEqual([false, true]);
});

test('a dump may go on from an earlier one, or to a page server', () => {
  const flags = { ...FLAGS, ...PLAIN, parentPath: '../first', pageServer: { address: 'h', port: 1 } };
  expect(dumpOptions(flags, { images: 5, work: 6 }, DUMPED)).toMatchObject({
    workDirFd: 6,
    parentImg: '../first',
    trackMem: true,
    pageServer: { address: 'h', port: 1 },
  });
});

test('criu is told to restore a child of its caller', () => {
  const restored = {
    root: '/run/x.root',
    external: [],
    inheritFds: [restoredNamespace('network', 4)],
    joinNamespaces: [],
    cgroupRoots: [{ controller: '', path: '/web' }],
  };
  const flags = { ...FLAGS, manageCgroupsMode: 'ignore', lsmProfile: 'apparmor:web', lsmMountContext: 'c' } as const;
  expect(restoreOptions(flags, { images: 5 }, restored)).toMatchObject({
    rstSibling: true,
    evasiveDevices: true,
    logFile: 'restore.log',
    manageCgroupsMode: 0,
    lsmProfile: 'apparmor:web',
    lsmMountContext: 'c',
    ...restored,
  });
});

test('namespaces that are joined are left outside, or joined by criu', () => {
  const { outside, joined } = listJoined([
    { type: 'network', path: '/net' },
    { type: 'pid', path: '/pid' },
    { type: 'ipc', path: '/ipc' },
    { type: 'mount', path: '/mnt' },
    { type: 'uts' },
  ]);
  expect(outside.map(({ type }) => dumpedNamespace(type, 42))).toEqual([
    'net[42]:extRootNetNS',
    'pid[42]:extRootPidNS',
  ]);
  expect(restoredNamespace('pid', 5)).toEqual({ key: 'extRootPidNS', fd: 5 });
  expect(joined).toEqual([
    { type: 'ipc', path: '/ipc' },
    { type: 'mnt', path: '/mnt' },
  ]);
});

test('streams from outside are pipes, of which criu finds out, and files, of which it is told', () => {
  const streams = ['/dev/null', 'file[1b:e0]', 'file[1b:e0]'];
  expect(dumpedStreams(streams)).toEqual(['file[1b:e0]']);
  expect(inheritedStreams(['pipe:[5]', ...streams.slice(0, 2)])).toEqual([
    { key: 'pipe:[5]', fd: 0 },
    { key: 'file[1b:e0]', fd: 2 },
  ]);
});
