import type { CgroupFacts } from '../../src/cgroup/types.js';
import type { CallerFacts, HostFacts, HostMount } from '../../src/host/facts.js';
import { toSpec } from '../../src/spec/from-options.js';
import type { Surroundings } from '../../src/spec/surroundings.js';
import type { ContainerOptions } from '../../src/spec/options.js';
import { resolveUser } from '../../src/spec/parse/user.js';
import type { Spec } from '../../src/spec/types.js';

const ALL_CAPABILITIES = (1n << 41n) - 1n;

export const ROOT_CALLER: CallerFacts = {
  uid: 0,
  gid: 0,
  groups: [0],
  privileged: true,
  capabilities: ALL_CAPABILITIES,
};

export const PLAIN_CALLER: CallerFacts = {
  uid: 1000,
  gid: 1000,
  groups: [1000],
  privileged: false,
  capabilities: 0n,
};

/** A host with cgroup v2 only, whose tree may be written. */
const UNIFIED: CgroupFacts = {
  layout: {
    mode: 'unified',
    v2: { mount: '/sys/fs/cgroup', root: '/', readonly: false, own: '/sys/fs/cgroup/user' },
    v1: [],
    named: [],
    disabled: [],
  },
  v2Base: {
    path: '/sys/fs/cgroup',
    controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
    needsEvacuation: false,
    isRoot: true,
  },
  v2Top: {
    path: '/sys/fs/cgroup',
    controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
    needsEvacuation: false,
    isRoot: true,
  },
  v1Base: [],
  v1Top: [],
  hasSwap: false,
};

/** A host whose v2 has no controllers: limits go to v1. */
export const HYBRID: CgroupFacts = {
  layout: {
    mode: 'hybrid',
    v2: { mount: '/sys/fs/cgroup/unified', root: '/', readonly: false, own: '/sys/fs/cgroup/unified' },
    v1: [{ mount: '/sys/fs/cgroup/memory', root: '/', readonly: false, controllers: ['memory'] }],
    named: [],
    disabled: [],
  },
  v2Base: { path: '/sys/fs/cgroup/unified', controllers: [], needsEvacuation: false, isRoot: true },
  v2Top: { path: '/sys/fs/cgroup/unified', controllers: [], needsEvacuation: false, isRoot: true },
  v1Base: [{ path: '/sys/fs/cgroup/memory', controllers: ['memory'] }],
  v1Top: [{ path: '/sys/fs/cgroup/memory', controllers: ['memory'] }],
  hasSwap: false,
};

/** A host on which no cgroup can be made. */
export const NO_CGROUP: CgroupFacts = {
  layout: { mode: 'none', v1: [], named: [], disabled: [] },
  v1Base: [],
  v1Top: [],
  hasSwap: false,
  problem: { text: 'cgroup v2 is not mounted', hint: 'mount it' },
};

export const mount = (target: string, type: string): HostMount => ({ target, type, readOnly: false, isFile: false });

/** Facts of a host where everything works: Linux 6.8, root, one ext4 disk, cgroup v2. */
export function hostFacts(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    kernel: [6, 8],
    cpu: 'x64',
    caller: ROOT_CALLER,
    userns: {
      initial: true,
      uids: [{ containerId: 0, hostId: 0, size: 0xffff_ffff }],
      gids: [{ containerId: 0, hostId: 0, size: 0xffff_ffff }],
    },
    mounts: [mount('/', 'ext4'), mount('/proc', 'proc'), mount('/sys', 'sysfs'), mount('/dev', 'devtmpfs')],
    unmappable: [],
    unstackable: [],
    locked: [],
    rootEntries: [],
    hidden: [],
    homes: ['/root', '/home'],
    kinds: {},
    cgroup: UNIFIED,
    ...changes,
  };
}

/** The same host as a user without privileges sees it. */
export function plainFacts(changes: Partial<HostFacts> = {}): HostFacts {
  return hostFacts({
    caller: PLAIN_CALLER,
    rootEntries: [
      { name: 'bin', kind: 'symlink', target: 'usr/bin' },
      { name: 'dev', kind: 'directory' },
      { name: 'etc', kind: 'directory' },
      { name: 'home', kind: 'directory' },
      { name: 'proc', kind: 'directory' },
      { name: 'swapfile', kind: 'file' },
      { name: 'usr', kind: 'directory' },
    ],
    ...changes,
  });
}

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n';
const GROUP = 'root:x:0:\nann:x:1000:\nwheel:x:10:ann\n';

/** The caller's surroundings: a shell of root in `/work`. */
export function surroundings(changes: Partial<Surroundings> = {}): Surroundings {
  return {
    cwd: '/work',
    env: { PATH: '/bin', TERM: 'xterm', SECRET: 'token' },
    ids: { uid: 0, gid: 0, groups: [0] },
    user: (text, groups) => resolveUser(text, groups, { passwd: PASSWD, group: GROUP }),
    program: ['/usr/bin/node', '/usr/lib/node_modules/corral'],
    readJson: (path) => {
      throw new Error(`read ${path}`);
    },
    machine: () => ({ cpu: 'x64', kernel: [6, 8] }),
    apiDirectory: '/run/corral/api',
    device: (path) => (path === '/dev/sda' ? { major: 8, minor: 0 } : undefined),
    resolve: (path) => (path.startsWith('/') ? path : `/work/${path}`),
    ...changes,
  };
}

/** The spec of `sh -c true` with these options. */
export function specOf(options: ContainerOptions = {}, changes: Partial<Surroundings> = {}): Spec {
  return toSpec(['sh', '-c', 'true'], options.name ?? 'web', options, surroundings(changes));
}
