import { ANNOTATIONS } from '../../src/spec/annotations.js';
import { DEFAULT_CAPABILITIES } from '../../src/spec/defaults.js';
import type { Linux, Mount, Process, Spec } from '../../src/spec/types.js';

/** What a test says about a spec; the rest is as podman's simplest container has it. */
export interface SpecChanges {
  readonly process?: Partial<Process>;
  readonly linux?: Partial<Linux>;
  readonly mounts?: readonly Mount[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  readonly domainname?: string;
}

const MOUNTS: readonly Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
  { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] },
];

/** The spec of a shell script, as an engine would write it. */
export function engineSpec(script: string, changes: SpecChanges = {}, rootfs = '/srv/rootfs'): Spec {
  const { process, linux, mounts = MOUNTS, annotations, ...names } = changes;
  return {
    ociVersion: '1.3.0',
    root: { path: rootfs },
    mounts,
    process: {
      args: ['sh', '-c', script],
      env: ['PATH=/bin', 'TERM=xterm'],
      cwd: '/',
      user: { uid: 0, gid: 0, additionalGids: [], umask: 0o022 },
      capabilities: {
        bounding: DEFAULT_CAPABILITIES,
        effective: DEFAULT_CAPABILITIES,
        permitted: DEFAULT_CAPABILITIES,
        inheritable: [],
        ambient: [],
      },
      rlimits: [],
      noNewPrivileges: true,
      ...process,
    },
    linux: {
      namespaces: (['mount', 'pid', 'ipc', 'uts', 'network'] as const).map((type) => ({ type })),
      uidMappings: [],
      gidMappings: [],
      maskedPaths: [],
      readonlyPaths: [],
      sysctl: {},
      resources: {},
      ...linux,
    },
    annotations: { [ANNOTATIONS.engine]: 'true', ...annotations },
    ...names,
  };
}
