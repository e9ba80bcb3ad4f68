import { OptionError } from '../errors/option-error.js';
import { CAPABILITIES } from '../util/linux.js';
import { ANNOTATIONS, DEFAULT_SECCOMP, nests } from './annotations.js';
import { API_VARIABLE } from './api.js';
import { defaultSeccomp } from './default-seccomp.js';
import { FULL_ONLY } from './from-options.js';
import type { ContainerOptions } from './options.js';
import type { Capabilities, Namespace, Process, Rlimit, Spec } from './types.js';
import { type Within, withinAnnotation } from './within.js';

/** What a caller in a container is, as far as what it starts may not be more. Ids are those of its user namespace. */
export interface CallerLimits {
  readonly within: Within;
  /** Those that it is in and the supervisor is not, by path. */
  readonly namespaces: readonly Required<Namespace>[];
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  /** Those that what it starts may have at most: bits in the kernel's numbering. */
  readonly capabilities: bigint;
  readonly rlimits: readonly Rlimit[];
  readonly oomScoreAdj: number;
  /** Its working directory, below its root directory. */
  readonly directory: string;
  /** Of the outermost container around it, whose filter of system calls it has. */
  readonly outermost: Pick<Spec, 'annotations' | 'linux' | 'process'>;
}

/** What only whoever rules the host can ask for: namespaces, mounts and rights are the caller's own, and nobody else's. */
const OWNERS_ONLY = [
  ...FULL_ONLY,
  'api',
  'cgroupParent',
  'cgroupDriver',
  'user',
  'groups',
  'deviceReadBps',
  'deviceWriteBps',
  'deviceReadIops',
  'deviceWriteIops',
] as const satisfies readonly (keyof ContainerOptions)[];

/**
 * Checks what a caller in a container may ask of one.
 *
 * @throws OptionError for an option that is not a caller's to give
 */
export function checkConfinedOptions(options: ContainerOptions): void {
  for (const option of OWNERS_ONLY) refuse(option, options[option]);
  if (options.isolation === 'full') refuse('isolation', options.isolation);
  if (options.noNewPrivileges === false) refuse('noNewPrivileges', options.noNewPrivileges);
  if (options.dieWithParent === true) refuse('dieWithParent', options.dieWithParent);
}

function refuse(option: string, value: unknown): void {
  if (value === undefined) return;
  throw new OptionError(
    option,
    value,
    'given inside a container: what is started there is in the namespaces, and has at most the rights, of whoever asks',
  );
}

/**
 * Makes a spec without namespaces that of a container inside another one: in the namespaces of the caller, and with no more rights
 * than that has.
 *
 * @throws OptionError for a resource limit above the caller's
 */
export function confineSpec(spec: Spec, caller: CallerLimits): Spec {
  const { within, namespaces, outermost } = caller;
  const { seccomp: _, ...linux } = spec.linux;
  const filter = filterOf(outermost);
  return {
    ...spec,
    process: confineProcess(spec.process, caller),
    linux: {
      ...linux,
      namespaces: [...namespaces, { type: 'cgroup' }],
      ...(filter === undefined ? {} : { seccomp: filter }),
    },
    annotations: { ...spec.annotations, ...withinAnnotation(within) },
  };
}

// The socket is there as it is for the caller.
function withSocket(env: readonly string[], outermost: CallerLimits['outermost']): readonly string[] {
  const isSocket = (entry: string): boolean => entry.startsWith(`${API_VARIABLE}=`);
  return env.some(isSocket) ? env : [...env, ...outermost.process.env.filter(isSocket)];
}

function confineProcess(
  process: Process,
  { user, capabilities, rlimits, oomScoreAdj, directory, within, outermost }: CallerLimits,
): Process {
  return {
    ...process,
    env: withSocket(process.env, outermost),
    user: { ...process.user, uid: user.uid, gid: user.gid, additionalGids: user.groups },
    capabilities: sameSets(capabilities),
    rlimits: rlimits.map((limit) => lower(limit, process.rlimits)),
    oomScoreAdj: Math.max(oomScoreAdj, process.oomScoreAdj ?? oomScoreAdj),
    noNewPrivileges: true,
    cwd: within.inCallersDirectory ? directory : process.cwd,
  };
}

// Inheritable and ambient ones would survive an exec by somebody who is not root.
function sameSets(mask: bigint): Capabilities {
  const names = CAPABILITIES.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) !== 0n);
  return { bounding: names, effective: names, permitted: names, inheritable: [], ambient: [] };
}

function lower(limit: Rlimit, wanted: readonly Rlimit[]): Rlimit {
  const asked = wanted.find(({ type }) => type === limit.type);
  if (asked === undefined) return limit;
  if (asked.hard <= limit.hard) return asked;
  const name = limit.type.replace('RLIMIT_', '').toLowerCase();
  throw new OptionError('ulimits', `${name}=${String(asked.hard)}`, `at most your own limit: ${String(limit.hard)}`);
}

/** Tells whether a container has a filter of system calls. */
export function isFiltered({ annotations, linux }: Pick<Spec, 'annotations' | 'linux'>): boolean {
  return linux.seccomp !== undefined || annotations[ANNOTATIONS.seccomp] === DEFAULT_SECCOMP;
}

// By its own capabilities the process would get another variant of the default profile.
function filterOf(outermost: CallerLimits['outermost']): Spec['linux']['seccomp'] {
  if (outermost.linux.seccomp !== undefined || !isFiltered(outermost)) return outermost.linux.seccomp;
  return defaultSeccomp(outermost.process.capabilities, nests(outermost));
}
