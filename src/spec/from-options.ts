import { OptionError } from '../errors/option-error.js';
import { ANNOTATIONS, HOST_OVERLAY } from './annotations.js';
import {
  DEFAULT_MASKED_PATHS,
  DEFAULT_MOUNTS,
  DEFAULT_PATH,
  DEFAULT_READONLY_PATHS,
  SCRATCH_MOUNTS,
} from './defaults.js';
import type { ContainerOptions } from './options.js';
import { type DeviceLookup, parseLimits } from './parse/limits.js';
import { containerDirectory, hostPath, parseTmpfs, parseVolume } from './parse/mounts.js';
import { checkLabels } from './parse/labels.js';
import { checkHostname, checkName, hostnameOf } from './parse/name.js';
import { parseUlimit, resolveCapabilities } from './parse/process.js';
import { checkSysctl } from './parse/sysctl.js';
import { parseTerminal, terminalEnv, terminalFields } from './parse/terminal.js';
import type { ResolvedUser } from './parse/user.js';
import { type Mount, NAMESPACE_TYPES, type NamespaceType, type Process, type Spec } from './types.js';

/** What the options are read against: the caller's own surroundings. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ids: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  /** Finds a user in the root filesystem's user database. */
  readonly user: (text: string, groups: readonly string[]) => ResolvedUser;
  readonly device: DeviceLookup;
  /** Makes a host path absolute and plain, against the caller's working directory. */
  readonly resolve: (path: string) => string;
}

/**
 * Turns options and a command into a runtime-spec: the one form from which every launch is compiled.
 *
 * @param name - the container's name, already chosen
 * @throws OptionError for a value that makes no sense
 */
export function toSpec(
  command: readonly string[],
  name: string,
  options: ContainerOptions,
  around: Surroundings,
): Spec {
  checkName(name);
  checkCommand(command);
  const full = options.isolation !== 'cgroup';
  if (!full) refuseNamespaceOptions(options);
  const user = who(options, around);
  return {
    ociVersion: '1.3.0',
    ...hostname(name, options, full),
    root: { path: rootPath(options, around), ...(options.readOnly === true ? { readonly: true } : {}) },
    mounts: full ? allMounts(options, around) : [],
    process: toProcess(command, name, options, { around, user, full }),
    linux: {
      namespaces: full ? namespaces(options).map((type) => ({ type })) : [],
      uidMappings: [],
      gidMappings: [],
      maskedPaths: full ? DEFAULT_MASKED_PATHS : [],
      readonlyPaths: full ? DEFAULT_READONLY_PATHS : [],
      sysctl: checkSysctl(options.sysctl ?? {}, namespaces(options)),
      resources: parseLimits(options, around.device),
      ...(options.cgroupParent === undefined ? {} : { cgroupsPath: cgroupParent(options.cgroupParent) }),
    },
    annotations: { ...annotations(options, full, around), ...checkLabels(options.labels ?? {}) },
  };
}

/** @throws OptionError unless there is a program to run, and every word can be passed to it */
export function checkCommand(command: unknown): void {
  if (!Array.isArray(command)) throw new OptionError('command', command, "a list of words such as ['ls', '-l']");
  const words: readonly unknown[] = command;
  if (words.length === 0 || words[0] === '') {
    throw new OptionError('command', command, 'a command: give at least a program');
  }
  words.forEach((word, index) => {
    if (typeof word !== 'string' || word.includes('\0')) {
      throw new OptionError(`command[${String(index)}]`, word, 'text without NUL bytes');
    }
  });
}

const FULL_ONLY = [
  'rootfs',
  'readOnly',
  'volumes',
  'tmpfs',
  'expose',
  'net',
  'userns',
  'pid',
  'ipc',
  'uts',
  'cgroupns',
  'hostname',
  'sysctl',
  'capAdd',
  'capDrop',
] as const satisfies readonly (keyof ContainerOptions)[];

// An option that would be ignored is an error: who asks for a hostname must not share the host's.
function refuseNamespaceOptions(options: ContainerOptions): void {
  for (const option of FULL_ONLY) {
    if (options[option] !== undefined) {
      throw new OptionError(option, options[option], "possible with isolation 'cgroup', which has no namespaces");
    }
  }
}

function who(options: ContainerOptions, around: Surroundings): ResolvedUser {
  if (options.isolation === 'cgroup' && options.user === undefined) {
    if (options.groups !== undefined) {
      throw new OptionError('groups', options.groups, "possible with isolation 'cgroup' and without user");
    }
    const { uid, gid, groups } = around.ids;
    return { uid, gid, additionalGids: groups, home: '/' };
  }
  return around.user(options.user ?? '0:0', options.groups ?? []);
}

function hostname(name: string, options: ContainerOptions, full: boolean): { hostname?: string } {
  if (options.hostname !== undefined && options.uts === 'host') {
    throw new OptionError('hostname', options.hostname, 'possible with uts host: it would rename the host');
  }
  if (!full || options.uts === 'host') return {};
  return { hostname: options.hostname === undefined ? hostnameOf(name) : checkHostname(options.hostname) };
}

function rootPath(options: ContainerOptions, around: Surroundings): string {
  return options.rootfs === undefined ? '/' : around.resolve(hostPath(options.rootfs, 'rootfs', options.rootfs));
}

function allMounts(options: ContainerOptions, around: Surroundings): readonly Mount[] {
  const asked = [
    ...(options.tmpfs ?? []).map((text, index) => parseTmpfs(text, `tmpfs[${String(index)}]`)),
    ...(options.volumes ?? []).map((value, index) => parseVolume(value, `volumes[${String(index)}]`, around.resolve)),
  ];
  refuseTwice(asked);
  // A mount that was asked for takes the place of the default one: what lies in it comes after, as do all others.
  const defaults = [...DEFAULT_MOUNTS, ...(options.rootfs === undefined ? SCRATCH_MOUNTS : [])];
  const replaced = defaults.map((mount) => asked.find(({ destination }) => destination === mount.destination) ?? mount);
  return [...replaced, ...byDepth(asked.filter((mount) => !replaced.includes(mount)))];
}

function refuseTwice(mounts: readonly Mount[]): void {
  const targets = mounts.map(({ destination }) => destination);
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice !== undefined) throw new OptionError('volumes', twice, 'free: volumes and tmpfs name it twice');
}

function byDepth(mounts: readonly Mount[]): readonly Mount[] {
  const depth = ({ destination }: Mount): number => destination.split('/').length;
  return [...mounts].sort((a, b) => depth(a) - depth(b));
}

function namespaces(options: ContainerOptions): readonly NamespaceType[] {
  const modes: Readonly<Record<NamespaceType, string | undefined>> = {
    user: options.userns,
    mount: 'private',
    pid: options.pid,
    ipc: options.ipc,
    uts: options.uts,
    network: options.net,
    cgroup: options.cgroupns,
  };
  return NAMESPACE_TYPES.filter((type) => modes[type] !== 'host');
}

function toProcess(
  command: readonly string[],
  name: string,
  options: ContainerOptions,
  { around, user, full }: { readonly around: Surroundings; readonly user: ResolvedUser; readonly full: boolean },
): Process {
  return {
    args: command,
    env: full ? containerEnv(name, options, around, user) : inheritedEnv(options, around),
    cwd: workingDirectory(options, full, around),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids, umask: options.umask ?? 0o022 },
    capabilities: resolveCapabilities(options.capAdd ?? [], options.capDrop ?? [], user.uid === 0),
    rlimits: parseRlimits(options.ulimits ?? []),
    noNewPrivileges: options.noNewPrivileges ?? full,
    ...(options.oomScoreAdj === undefined ? {} : { oomScoreAdj: options.oomScoreAdj }),
    ...terminalFields(parseTerminal(options.terminal)),
  };
}

function parseRlimits(ulimits: readonly string[]): Process['rlimits'] {
  const limits = ulimits.map((text, index) => parseUlimit(text, `ulimits[${String(index)}]`));
  limits.forEach(({ type }, index) => {
    if (limits.findIndex((other) => other.type === type) !== index) {
      throw new OptionError(`ulimits[${String(index)}]`, ulimits[index], `given once: ${type} is set already`);
    }
  });
  return limits;
}

function workingDirectory({ cwd, rootfs }: ContainerOptions, full: boolean, around: Surroundings): string {
  if (cwd === undefined) return rootfs === undefined ? around.cwd : '/';
  if (!full) return around.resolve(hostPath(cwd, 'cwd', cwd));
  return containerDirectory(cwd, 'cwd', cwd);
}

// A container starts with a small environment: what the caller's holds (tokens, agents' sockets) is the caller's own.
function containerEnv(
  name: string,
  options: ContainerOptions,
  around: Surroundings,
  user: ResolvedUser,
): readonly string[] {
  const path = options.rootfs === undefined ? around.env['PATH'] : undefined;
  const { TERM: term } = around.env;
  return formatEnv({
    PATH: path ?? DEFAULT_PATH,
    HOME: user.home,
    HOSTNAME: options.uts === 'host' ? undefined : (options.hostname ?? hostnameOf(name)),
    container: 'corral',
    ...(term === undefined ? {} : { TERM: term }),
    ...terminalEnv(parseTerminal(options.terminal), around.env),
    ...givenEnv(options, around),
  });
}

function inheritedEnv(options: ContainerOptions, around: Surroundings): readonly string[] {
  const terminal = terminalEnv(parseTerminal(options.terminal), around.env);
  return formatEnv({ ...around.env, ...terminal, ...givenEnv(options, around) });
}

function givenEnv(options: ContainerOptions, around: Surroundings): Record<string, string | undefined> {
  return parseEnv(options.env ?? {}, around.env);
}

/**
 * Checks variables, and fills in the caller's value for those that are `undefined`.
 *
 * @param inherited - the caller's environment
 */
export function parseEnv(
  env: Readonly<Record<string, string | undefined>>,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(env).map(([key, value]) => {
      if (key === '' || key.includes('=') || key.includes('\0')) {
        throw new OptionError('env', key, 'the name of a variable');
      }
      if (value?.includes('\0') === true) throw new OptionError(`env.${key}`, value, 'text without NUL bytes');
      // Own ones only: process.env has a `toString` that is no variable.
      return [key, value ?? (Object.hasOwn(inherited, key) ? inherited[key] : undefined)];
    }),
  );
}

function formatEnv(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
}

// `..` would leave the hierarchy that the container must stay in.
function cgroupParent(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..')) {
    throw new OptionError('cgroupParent', path, 'the path of a cgroup, without ..');
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}

function annotations(options: ContainerOptions, full: boolean, around: Surroundings): Record<string, string> {
  const expose = (options.expose ?? []).map((path, index) =>
    around.resolve(hostPath(path, `expose[${String(index)}]`, path)),
  );
  if (expose.length > 0 && options.rootfs !== undefined) {
    throw new OptionError('expose', options.expose, 'possible with rootfs: it hides nothing');
  }
  return {
    ...(full && options.rootfs === undefined ? { [ANNOTATIONS.rootfs]: HOST_OVERLAY } : {}),
    ...(expose.length > 0 ? { [ANNOTATIONS.expose]: JSON.stringify(expose) } : {}),
    ...(options.init !== false ? { [ANNOTATIONS.init]: 'true' } : {}),
    ...(options.dieWithParent === false ? {} : { [ANNOTATIONS.dieWithParent]: 'true' }),
    ...(options.net === 'none' ? { [ANNOTATIONS.loopback]: 'down' } : {}),
  };
}
