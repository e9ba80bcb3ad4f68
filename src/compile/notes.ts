/**
 * What this host cannot give in full, in words. `corral run` prints them, and `corral doctor` says what they cost and how to get
 * rid of them: both have them from here.
 *
 * @packageDocumentation
 */

/** What it means to have none of the two. */
export const WITHOUT = {
  userNamespace: "container root is the host's root, held by capabilities only",
  cgroup: 'no figures and no limits, and the kill is that of the pid namespace',
  cgroupAndPids:
    'no figures and no limits, and corral-init kills one by one what the command has started: nobody must kill that one before',
} as const;

export const NOTES = {
  noUserNamespace: (reason: string) => `no user namespace, so ${WITHOUT.userNamespace}: ${reason}`,
  noCgroup: (reason: string) => `no cgroup, so ${WITHOUT.cgroup}: ${reason}`,
  nothingDelegated: () =>
    'containers inside have no cgroup of their own: this host has no cgroup v2 that could be handed on',
  rootsCgroup: () =>
    'only root of the container can make cgroups for others inside: to give them to another user takes root',
  noCgroupNorPids: (reason: string) => `no cgroup and no pid namespace, so ${WITHOUT.cgroupAndPids}: ${reason}`,
  noExecCgroup: (reason: string) => `no cgroup of its own, so corral-init kills one by one what it starts: ${reason}`,
  noCgroupMount: (path: string) => `${path} is left as it is: this host has no cgroup v2`,
  bornElsewhere: (reason: string) => `${reason}: the container was moved into its cgroup after its birth`,
  hostIds: (reason: string) => `container ids are the host's own (still without privileges outside): ${reason}`,
  hostIdsAsRoot: (reason: string) =>
    `container ids are the host's own (with CAP_SYS_ADMIN it can act as root on the host): ${reason}`,
  oneUser: () =>
    'the container has one user only: /etc/subuid and /etc/subgid lend no ids, or newuidmap and newgidmap are missing',
  ownedByNobody: (path: string, reason: string) => `files of ${path} belong to nobody: ${reason}`,
  bound: (paths: string) => `read-only, since overlays stack two deep and there are two already: ${paths}`,
  readOnly: (path: string) => `${path} is read-only: other file systems are mounted below it`,
  noOpaqueDirectories: () =>
    'a directory of the host can be removed, but not made anew: tmpfs has no user attributes before Linux 6.6',
  noSeccomp: () => 'it can make all system calls: this kernel has no filters for them (CONFIG_SECCOMP_FILTER)',
  capabilitiesUnknown: (set: string, names: string) => `the ${set} capabilities lack what nobody knows: ${names}`,
  capabilitiesRefused: (set: string, names: string) =>
    `the ${set} capabilities lack what the kernel would not grant: ${names}`,
  terminalNotKept: (reason: string) => `its terminal is hung up should the supervisor die: ${reason}`,
  inputNotKept: (reason: string) => `its standard input ends should the supervisor die: ${reason}`,
  outputNotKept: (reason: string) =>
    `it gets EPIPE should the supervisor die, and what is in the pipes of its output is lost: ${reason}`,
  capabilitiesMissing: (names: string) => `the caller has not got, and so cannot pass on, ${names}`,
} as const;

/** Which note it is. */
export type NoteKind = keyof typeof NOTES;

/** Returns which note a text is; `undefined` when it is none. */
export function kindOfNote(text: string): NoteKind | undefined {
  return (Object.keys(NOTES) as NoteKind[]).find((kind) => patternOf(kind).test(text));
}

function patternOf(kind: NoteKind): RegExp {
  const form = NOTES[kind]('\0', '\0');
  const literal = form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('\0', '.+')}$`, 's');
}

/** Why a container of an unprivileged user needs a user namespace, and what root can do about it. */
export const USERNS_HINT =
  'root can allow them: sysctl user.max_user_namespaces=10000, kernel.unprivileged_userns_clone=1 where it exists';
