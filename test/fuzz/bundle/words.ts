import type { Json } from '../../../src/spec/config/json.js';

/** Numbers at and beyond the edges of what a field may hold. */
const NUMBERS: readonly Json[] = [
  0,
  -1,
  1,
  1.5,
  -0.0,
  65_535,
  2_147_483_648,
  4_294_967_295,
  4_294_967_296,
  9_007_199_254_740_991,
  9_223_372_036_854_775_807n,
  18_446_744_073_709_551_615n,
  -9_223_372_036_854_775_808n,
  18_446_744_073_709_551_616n,
];

/** Texts that are odd everywhere. */
const TEXTS: readonly Json[] = ['', ' ', '\n', 'a\0b', '\ud800', 'é'.repeat(60), 'x'.repeat(300), 'x'.repeat(70_000)];

const PATHS: readonly Json[] = [
  '/',
  '.',
  '..',
  '/..',
  '/../../x',
  'relative',
  '/a//b/./c/',
  '/link',
  '/link/out',
  '/loop',
  '/bin/sh',
  '/bin/sh/x',
  '/dev/null',
  '/dev/pts/0',
  '/proc',
  '/proc/self/fd/3',
  '/proc/self/exe',
  '/proc/1/root',
  '/proc/sys/kernel',
  '/sys/fs/cgroup',
  `/${'d/'.repeat(300)}`,
  `/${'n'.repeat(256)}`,
  '/ü/\t/"',
];

const OPTIONS: readonly Json[] = [
  ...['bind', 'rbind', 'ro', 'rw', 'rro', 'nosuid', 'nodev', 'noexec', 'noatime', 'strictatime', 'nosymfollow', 'sync'],
  ...[
    'remount',
    'shared',
    'rshared',
    'slave',
    'rslave',
    'private',
    'unbindable',
    'idmap',
    'ridmap',
    'tmpcopyup',
    'copy-symlink',
  ],
  ...[
    'mode=755',
    'mode=99999',
    'size=1k',
    'size=-1',
    'uid=1',
    'nr_inodes=2',
    'gid=5',
    'newinstance',
    'a=b',
    '=',
    ',',
    'a,b',
  ],
];

/**
 * What fields are given beside what is right, by their names. Nothing here does harm to the machine around, and neither does what
 * mutations make of it: see sandbox.ts.
 */
export const WORDS: Readonly<Record<string, readonly Json[]>> = {
  destination: PATHS,
  source: [...PATHS, 'source', 'file', 'tmpfs', 'none'],
  type: [
    'tmpfs',
    'proc',
    'sysfs',
    'mqueue',
    'devpts',
    'cgroup',
    'cgroup2',
    'bind',
    'overlay',
    'ext4',
    'none',
    'c',
    'p',
    'a',
  ],
  options: OPTIONS,
  path: [...PATHS, 'rootfs', 'source', 'file', '/bin/true', '/bin/false', '/proc/self/ns/net', '/proc/self/ns/mnt'],
  args: ['/bin/sh', 'sh', '-c', 'exit 3', '', '/', '/etc', 'missing', './sh'],
  env: ['A=b', 'A', '=', 'PATH=', 'PATH=/x:/bin', 'HOME=', 'LD_PRELOAD=/x'],
  cwd: PATHS,
  maskedPaths: PATHS,
  readonlyPaths: PATHS,
  cgroupsPath: [
    '/fuzz/box',
    '/fuzz/a/b/c',
    'fuzz',
    '/',
    '..',
    '/fuzz/../..',
    '/fuzz/ü',
    'a:b:c',
    `/fuzz/${'n'.repeat(300)}`,
  ],
  rootfsPropagation: ['shared', 'rshared', 'slave', 'private', 'unbindable', 'rprivate'],
  limit: NUMBERS,
  uid: [0, 1, 1000, 65_534, 65_536, 4_294_967_294],
  gid: [0, 1, 1000, 65_534, 65_536, 4_294_967_294],
  hostID: [0, 1, 1000, 65_535, 65_536, 4_294_967_295],
  containerID: [0, 1, 1000, 65_535, 4_294_967_295],
  size: [0, 1, 1000, 65_536, 4_294_967_295],
  names: ['mkdir', 'execve', 'exit_group', 'read', 'write', 'socket', 'clone3', 'missing', 'seccomp', 'close'],
  hostname: ['box', 'x'.repeat(64), 'ü', '-', 'a.b'],
};

/** Values that may be anywhere. */
export const ANYWHERE: readonly Json[] = [...NUMBERS, ...TEXTS, null, true, [], {}, [[]], { a: 1 }];
