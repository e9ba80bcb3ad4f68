import { OptionError } from '../errors/option-error.js';
import { defined } from '../util/defined.js';
import { ANNOTATIONS, HOST_OVERLAY } from './annotations.js';
import { apiMount } from './api.js';
import { DEFAULT_MASKED_PATHS, DEFAULT_MOUNTS, DEFAULT_READONLY_PATHS, SCRATCH_MOUNTS } from './defaults.js';
import { checkNest, NEST_CAPABILITIES, nestMounts } from './nest.js';
import { containerEnv, inheritedEnv } from './environment.js';
import type { ContainerOptions } from './options.js';
import { parseLimits } from './parse/limits.js';
import { containerDirectory, hostPath, parseTmpfs, parseVolume } from './parse/mounts.js';
import { checkLabels } from './parse/labels.js';
import { checkHostname, checkName, hostnameOf } from './parse/name.js';
import { parseUlimit, resolveCapabilities } from './parse/process.js';
import { checkSysctl } from './parse/sysctl.js';
import { parseTerminal, terminalFields } from './parse/terminal.js';
import type { ResolvedUser } from './parse/user.js';
import { seccompParts } from './seccomp-option.js';
import type { Surroundings } from './surroundings.js';
import { type Mount, NAMESPACE_TYPES, type NamespaceType, type Process, type Spec } from './types.js';

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
  checkNest(options);
  // What a nested runtime mounts must be seen whole by the one around it: its user namespace protects these.
  const masked = full && options.nest !== true;
  const user = who(options, around);
  const process = toProcess(command, name, options, { around, user, full });
  const filter = seccompParts(options, process, around);
  return {
    ociVersion: '1.3.0',
    ...hostname(name, options, full),
    root: { path: rootPath(options, around), ...(options.readOnly === true ? { readonly: true } : {}) },
    mounts: full ? allMounts(options, around) : [],
    process,
    linux: {
      namespaces: full ? namespaces(options).map((type) => ({ type })) : [],
      uidMappings: [],
      gidMappings: [],
      maskedPaths: masked ? DEFAULT_MASKED_PATHS : [],
      readonlyPaths: masked ? DEFAULT_READONLY_PATHS : [],
      sysctl: checkSysctl(options.sysctl ?? {}, namespaces(options)),
      resources: parseLimits(options, around.device),
      ...filter.linux,
    },
    annotations: { ...annotations(options, full, around), ...filter.annotations, ...checkLabels(options.labels ?? {}) },
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

/** Options of what only a container with namespaces of its own has. */
export const FULL_ONLY = [
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
  'nest',
  'hostname',
  'sysctl',
  'capAdd',
  'capDrop',
  'seccomp',
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
    ...(options.api === true ? [apiMount(around.apiDirectory)] : []),
    ...(options.tmpfs ?? []).map((text, index) => parseTmpfs(text, `tmpfs[${String(index)}]`)),
    ...(options.volumes ?? []).map((value, index) => parseVolume(value, `volumes[${String(index)}]`, around.resolve)),
  ];
  refuseTwice(asked);
  // A mount that was asked for takes the place of the default one: what lies in it comes after, as do all others.
  const defaults = [
    ...(options.nest === true ? nestMounts(DEFAULT_MOUNTS) : DEFAULT_MOUNTS),
    ...(options.rootfs === undefined ? SCRATCH_MOUNTS : []),
  ];
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
    capabilities: resolveCapabilities(
      [...(options.nest === true ? NEST_CAPABILITIES : []), ...(options.capAdd ?? [])],
      options.capDrop ?? [],
      user.uid === 0,
    ),
    rlimits: parseRlimits(options.ulimits ?? []),
    noNewPrivileges: options.noNewPrivileges ?? (full && options.nest !== true),
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

// `..` would leave the hierarchy that the container must stay in.
function cgroupParent(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..')) {
    throw new OptionError('cgroupParent', path, 'the path of a cgroup, without ..');
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}

function annotations(options: ContainerOptions, full: boolean, around: Surroundings): Readonly<Record<string, string>> {
  const expose = (options.expose ?? []).map((path, index) =>
    around.resolve(hostPath(path, `expose[${String(index)}]`, path)),
  );
  const shown = options.nest === true && options.rootfs === undefined ? [...around.program, ...expose] : expose;
  if (expose.length > 0 && options.rootfs !== undefined) {
    throw new OptionError('expose', options.expose, 'possible with rootfs: it hides nothing');
  }
  const said = {
    [ANNOTATIONS.rootfs]: full && options.rootfs === undefined ? HOST_OVERLAY : undefined,
    [ANNOTATIONS.nest]: yes(options.nest === true),
    [ANNOTATIONS.api]: yes(options.api === true),
    [ANNOTATIONS.expose]: shown.length > 0 ? JSON.stringify(shown) : undefined,
    [ANNOTATIONS.init]: yes(options.init !== false),
    [ANNOTATIONS.dieWithParent]: yes(options.dieWithParent !== false),
    [ANNOTATIONS.cgroupParent]: options.cgroupParent === undefined ? undefined : cgroupParent(options.cgroupParent),
    [ANNOTATIONS.cgroupDriver]: options.cgroupDriver,
    [ANNOTATIONS.loopback]: options.net === 'none' ? 'down' : undefined,
  };
  return defined(said);
}

function yes(isSo: boolean): 'true' | undefined {
  return isSo ? 'true' : undefined;
}
