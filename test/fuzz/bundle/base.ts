import { type Json, type JsonObject, parseJson } from '../../../src/spec/config/json.js';
import { ENGINE_CONFIGS, readFixture } from '../../helpers/configs.js';
import { type Part, merge } from '../../unit/spec/config/cases.js';
import { GOOD } from '../../unit/spec/config/good-cases.js';
import { VARIANTS } from './variants.js';

/** What a container does here: it ends by itself, at once, whatever its standard input is. */
const ARGS: readonly string[] = ['/bin/sh', '-c', 'exit 0'];

/** Where the cgroups of all these containers are. */
export const CGROUP = '/fuzz/box';

const mount = (destination: string, type: string, ...options: readonly string[]): JsonObject => ({
  destination,
  type,
  source: type,
  options,
});

/** A config.json that runs, of a bundle that {@link prepareBundle} has made. */
export function runnable(): Record<string, Json> {
  return {
    ociVersion: '1.3.0',
    process: { args: ARGS, cwd: '/', env: ['PATH=/usr/bin:/bin'], user: { uid: 0, gid: 0 } },
    root: { path: 'rootfs' },
    hostname: 'box',
    mounts: [
      mount('/proc', 'proc', 'nosuid', 'noexec', 'nodev'),
      mount('/dev', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
      mount('/dev/pts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'),
      mount('/tmp', 'tmpfs', 'mode=1777'),
    ],
    linux: {
      namespaces: ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'].map((type) => ({ type })),
      cgroupsPath: CGROUP,
    },
  };
}

/** The config.json files that are mutated: what engines write, made to run here, and each field by itself. */
export function baseConfigs(): readonly Record<string, Json>[] {
  const engines = ENGINE_CONFIGS.map((name) => adapt(parseJson(readFixture(name)) as JsonObject));
  return [
    runnable(),
    ...engines,
    // Where there are no controllers for them, limits would hide the rest.
    ...engines.map(withoutLimits),
    ...parts().map((part) => merge(runnable(), part)),
  ];
}

/** Parts of a config.json that are right in themselves. */
export function parts(): readonly Part[] {
  return [...GOOD.map(([, given]) => given), ...VARIANTS];
}

/** Returns a config of an engine's with what of the host it names exchanged for what is here. */
function adapt(config: JsonObject): Record<string, Json> {
  const { hooks: _hooks, process, linux, mounts, root, ...rest } = config;
  const { terminal: _terminal, consoleSize: _size, ...own } = process as JsonObject;
  return {
    ...rest,
    root: { ...(root as JsonObject), path: 'rootfs' },
    process: { ...own, args: ARGS, cwd: '/' },
    mounts: ((mounts ?? []) as readonly JsonObject[]).map(adaptMount),
    linux: { ...(linux as JsonObject), cgroupsPath: CGROUP },
  };
}

function adaptMount(given: JsonObject): JsonObject {
  if (given['type'] !== 'bind') return given;
  const isFile = JSON.stringify(given['destination']).startsWith('"/etc/');
  return { ...given, source: isFile ? 'file' : 'source' };
}

function withoutLimits(config: Record<string, Json>): Record<string, Json> {
  const { resources: _resources, ...rest } = config['linux'] as JsonObject;
  return { ...config, linux: rest };
}
