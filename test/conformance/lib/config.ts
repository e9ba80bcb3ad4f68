import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CAPABILITIES } from '../../../src/spec/defaults.js';
import type { Mount } from '../../../src/spec/types.js';
import { DEV, DEVPTS, PROC, SYS, mountOf, systemMounts } from '../../helpers/engine.js';

/** A part of a config.json. Tests write wrong ones, too, so nothing of it has a type. */
export type Json = Readonly<Record<string, unknown>>;

/** What a test says of a config.json; the rest is that of an ordinary container. */
export interface Wish {
  /** For sh; it becomes `process.args`. */
  readonly script?: string;
  /** These replace the fields of `process`; `undefined` removes one. */
  readonly process?: Json;
  readonly linux?: Json;
  readonly root?: unknown;
  /** Mounts behind those of every container. */
  readonly mounts?: readonly unknown[];
  readonly hooks?: Json;
  /** Other fields at the top: they replace what all of this has made. */
  readonly top?: Json;
}

const NAMESPACES = ['mount', 'pid', 'ipc', 'uts', 'network'];

/** Returns entries of `linux.namespaces`. */
export const namespaces = (...types: readonly string[]): readonly Json[] => types.map((type) => ({ type }));

/** The namespaces of an ordinary container, and more. */
export const ordinaryNamespaces = (...more: readonly (string | Json)[]): readonly Json[] => [
  ...namespaces(...NAMESPACES),
  ...more.map((one) => (typeof one === 'string' ? { type: one } : one)),
];

/** A user namespace whose ids are not those of the host. */
export const SHIFT = 700_000;
export const shiftedIds = (size = 65_536): Json => ({
  uidMappings: [{ containerID: 0, hostID: SHIFT, size }],
  gidMappings: [{ containerID: 0, hostID: SHIFT, size }],
});

const SHM: Mount = mountOf('/dev/shm', 'tmpfs', ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']);

/** Returns a config.json. @param cgroupsPath - for containers that say nothing of it */
export function makeConfig(wish: Wish, cgroupsPath: string): Json {
  const { script = 'true', process = {}, linux = {}, mounts = [], hooks, top = {} } = wish;
  return {
    ociVersion: '1.0.2',
    root: 'root' in wish ? wish.root : { path: 'rootfs' },
    mounts: [PROC, DEV, DEVPTS, SHM, SYS, ...systemMounts(), ...mounts],
    process: {
      args: ['/bin/sh', '-c', script],
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      user: { uid: 0, gid: 0 },
      capabilities: Object.fromEntries(
        ['bounding', 'effective', 'permitted'].map((set) => [set, DEFAULT_CAPABILITIES]),
      ),
      ...process,
    },
    linux: { namespaces: ordinaryNamespaces(), cgroupsPath, ...linux },
    ...(hooks === undefined ? {} : { hooks }),
    ...top,
  };
}

/** Returns a bind mount. */
export const bindMount = (source: string, destination: string, ...options: readonly string[]): Json => ({
  destination,
  type: 'none',
  source,
  options: ['bind', ...options],
});

/** Writes it where it belongs. */
export function writeConfig(bundle: string, config: Json | string | Uint8Array): void {
  const isText = typeof config === 'string' || config instanceof Uint8Array;
  writeFileSync(join(bundle, 'config.json'), isText ? config : JSON.stringify(config));
}
