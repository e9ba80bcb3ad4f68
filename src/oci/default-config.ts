import { DEFAULT_MASKED_PATHS, DEFAULT_MOUNTS, DEFAULT_PATH, DEFAULT_READONLY_PATHS } from '../spec/defaults.js';
import type { Mount } from '../spec/types.js';
import { OCI_VERSION } from '../spec/versions.js';

/** What an unprivileged caller's config.json depends on. */
export interface RootlessIds {
  readonly uid: number;
  readonly gid: number;
}

const KEPT_CAPABILITIES = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

/**
 * Returns what `spec` writes: a config.json that runs a shell on a terminal, for the user to change.
 *
 * @param rootless - the caller's ids, for a container that needs no privileges: it has one user, and the caller's network
 */
export function defaultConfig(rootless?: RootlessIds): object {
  return {
    ociVersion: OCI_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: [`PATH=${DEFAULT_PATH}`, 'TERM=xterm'],
      cwd: '/',
      capabilities: { bounding: KEPT_CAPABILITIES, effective: KEPT_CAPABILITIES, permitted: KEPT_CAPABILITIES },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'corral',
    mounts: DEFAULT_MOUNTS.map((mount) => (rootless === undefined ? withTtyGroup(mount) : withoutNetwork(mount))),
    linux: {
      ...(rootless === undefined
        ? { resources: { devices: [{ allow: false, access: 'rwm' }] } }
        : { uidMappings: [toRoot(rootless.uid)], gidMappings: [toRoot(rootless.gid)] }),
      namespaces: namespaces(rootless !== undefined).map((type) => ({ type })),
      maskedPaths: DEFAULT_MASKED_PATHS,
      readonlyPaths: DEFAULT_READONLY_PATHS,
    },
  };
}

function namespaces(isRootless: boolean): readonly string[] {
  return ['pid', isRootless ? 'user' : 'network', 'ipc', 'uts', 'mount', 'cgroup'];
}

const toRoot = (hostID: number): object => ({ containerID: 0, hostID, size: 1 });

/** Terminals belong to the group tty, 5 everywhere; a container with one user has no such group. */
function withTtyGroup(mount: Mount): Mount {
  return mount.type === 'devpts' ? { ...mount, options: [...mount.options, 'gid=5'] } : mount;
}

// A new sysfs shows the network namespace, and only its owner may mount it.
function withoutNetwork(mount: Mount): Mount {
  if (mount.type !== 'sysfs') return mount;
  const options = ['rbind', ...mount.options];
  return { destination: mount.destination, type: 'none', source: mount.destination, options };
}
