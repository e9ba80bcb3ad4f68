/**
 * What corral adds to the runtime-spec, as annotations: one place for their names.
 *
 * @packageDocumentation
 */

export const ANNOTATIONS = {
  /** `host-overlay`: the root filesystem is a throw-away overlay of the host's own root. */
  rootfs: 'dev.corral.rootfs',
  /** JSON list of host paths that are shown although they are hidden by default. */
  expose: 'dev.corral.expose',
  /** `true`: corral-init stays as the container's first process. */
  init: 'dev.corral.init',
  /** `true`: the container is killed when the process that started it dies. */
  dieWithParent: 'dev.corral.die-with-parent',
  /** `true`: it may hold containers of its own. */
  nest: 'dev.corral.nest',
  /** `cgroupfs` or `systemd`: who makes its cgroup. Of an engine's spec also `disabled`: it has none. */
  cgroupDriver: 'dev.corral.cgroup-driver',
  /** `default`: the default seccomp profile; else the file that `linux.seccomp` was read from. */
  seccomp: 'dev.corral.seccomp',
  /** Where `corral run` makes the container's cgroup: below the caller's, or, with a leading slash, below the top. Of systemd, a slice. */
  cgroupParent: 'dev.corral.cgroup-parent',
  /** `linear`: CPU shares become a weight by the formula of runc before 1.3.2. */
  cpuWeight: 'dev.corral.cpu-weight',
  /** `true`: an engine has written the spec, which is followed to the letter; nobody is there to be told of less. */
  engine: 'dev.corral.engine',
  /** Of such a spec: the directory that it came from. */
  bundle: 'dev.corral.bundle',
  /** How many descriptors from 3 on the process gets of those that the runtime was started with. */
  preserveFds: 'dev.corral.preserve-fds',
  /** `true`: the process stays in the session keyring of its caller. */
  noNewKeyring: 'dev.corral.no-new-keyring',
  /** `true`: the root is moved and not pivoted to: on a RAM disk nothing else works. */
  noPivot: 'dev.corral.no-pivot',
  /** `down`: not even the loopback device is brought up. */
  loopback: 'dev.corral.loopback',
  /** Of a container of a supervisor's: which of its runs this is, counted from 1. */
  run: 'dev.corral.run',
  /** `kept`: its standard input is a pipe that its init holds open, too, for the next supervisor. */
  stdin: 'dev.corral.stdin',
  /** `kept`: its standard output and error are pipes that its init holds open, too, and brings into files in the end. */
  output: 'dev.corral.output',
  /** `true`: the socket of the supervisor is shown to it. */
  api: 'dev.corral.api',
  /** JSON: where a container lives that was asked for from inside another one. See within.ts. */
  within: 'dev.corral.within',
} as const;

/** The value of {@link ANNOTATIONS.rootfs} that asks for the overlay of the host's root. */
export const HOST_OVERLAY = 'host-overlay';

/** The value of {@link ANNOTATIONS.stdin} and {@link ANNOTATIONS.output} that has the init hold it. */
export const KEPT_STREAM = 'kept';

/** The value of {@link ANNOTATIONS.seccomp} that asks for the default profile, which `linux.seccomp` then need not hold. */
export const DEFAULT_SECCOMP = 'default';

/** All names that are corral's own start with this. */
const OWN = 'dev.corral.';

/** Tells whether an annotation of this name is corral's own, and so nobody's label. */
export function isOwnAnnotation(name: string): boolean {
  return name.startsWith(OWN);
}

/** Returns a container's labels: the annotations that are not corral's own. */
export function labelsOf({
  annotations,
}: {
  readonly annotations: Readonly<Record<string, string>>;
}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !isOwnAnnotation(name)));
}

/** Tells whether the container may hold containers of its own. */
export function nests({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.nest] === 'true';
}

/** Tells whether the container has the supervisor's socket. */
export function hasApi({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.api] === 'true';
}

/** Tells whether the container is killed when the process that started it dies. */
export function diesWithParent({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.dieWithParent] === 'true';
}

/**
 * Tells whether the container is a supervisor's: should that die, the next one takes it over, with what its init keeps for that
 * one.
 */
export function isSupervised({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.run] !== undefined;
}

/** Tells whether corral-init stays as the container's first process. */
export function hasInit({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.init] === 'true';
}

/** Tells whether the init of the container is to hold its standard input: see {@link ANNOTATIONS.stdin}. */
export function keepsInput({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.stdin] === KEPT_STREAM;
}

/** Tells whether the init of the container is to hold its output: see {@link ANNOTATIONS.output}. */
export function keepsOutput({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.output] === KEPT_STREAM;
}

/** Who makes a container's cgroup, where that was said. */
export type CgroupDriver = 'cgroupfs' | 'systemd';

/** Returns who is to make the container's cgroup, as `driver`; nothing where corral is to find out. */
export function cgroupDriverOf({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): {
  readonly driver?: CgroupDriver;
} {
  const driver = annotations[ANNOTATIONS.cgroupDriver];
  return driver === 'cgroupfs' || driver === 'systemd' ? { driver } : {};
}

/** Tells whether an engine wants no cgroup made. */
export function disablesCgroups({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.cgroupDriver] === 'disabled';
}

/** Returns below what the container's cgroup is to be made, as `parent`; nothing where that was not said. */
export function cgroupParentOf({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): {
  readonly parent?: string;
} {
  const parent = annotations[ANNOTATIONS.cgroupParent];
  return parent === undefined ? {} : { parent };
}

/** Tells whether an engine has written the spec: see {@link ANNOTATIONS.engine}. */
export function isEngines({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotations[ANNOTATIONS.engine] === 'true';
}

/** Returns the directory that an engine's spec came from. */
export function bundleOf({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): string {
  return annotations[ANNOTATIONS.bundle] ?? '/';
}

/** How CPU shares become a weight: see {@link weightFromShares}. */
export type WeightFormula = 'curve' | 'linear';

/** Returns by which formula a container's CPU shares become a weight. */
export function weightFormulaOf({
  annotations,
}: {
  readonly annotations: Readonly<Record<string, string>>;
}): WeightFormula {
  return annotations[ANNOTATIONS.cpuWeight] === 'linear' ? 'linear' : 'curve';
}
