import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path/posix';
import { readCgroupFacts } from '../cgroup/facts.js';
import { type MountEntry, parseMountinfo } from '../cgroup/mountinfo.js';
import { addon } from '../native/addon.js';
import { readCaller } from './caller.js';
import type { CallerFacts, HostFacts, HostMount, KernelVersion, PathKind, RootEntry, UsernsFacts } from './facts.js';
import { readHidden, readHomes } from './hidden.js';
import { readUserns } from './userns.js';
import { errnoName } from '../util/errno.js';
import { STACKED_OVERLAY } from '../util/linux.js';
import { now } from '../util/now.js';

/** Reads what the compiler has to know of this host. Changes nothing, and needs no privileges. */
export function readHostFacts(options: {
  /** Host paths that the spec names. */
  readonly paths: readonly string[];
  readonly cwd: string;
  readonly unmappable?: readonly string[];
  readonly unstackable?: readonly string[];
}): HostFacts {
  const facts = readSteadyFacts();
  return {
    ...facts,
    unmappable: options.unmappable ?? [],
    unstackable: [...facts.unstackable, ...(options.unstackable ?? [])],
    hidden: readHidden(options.cwd, facts.homes),
    kinds: readKinds(options.paths),
    get securityModules() {
      return readSecurityModules();
    },
  };
}

// Where a module is built in and switched off, or another kernel's files are shown, the one is there without the other.
function readSecurityModules(): readonly string[] {
  return [
    ...(readOr('/sys/module/apparmor/parameters/enabled').startsWith('Y') ? ['apparmor'] : []),
    ...(readOr('/sys/fs/selinux/enforce') === '' ? [] : ['selinux']),
  ];
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // absent files mean that the module is
  }
}

type SteadyFacts = Omit<HostFacts, 'unmappable' | 'hidden' | 'kinds'>;

interface KnownFacts {
  readonly ids: string;
  /** The text of /proc/self/cgroup. */
  readonly place: string;
  readonly at: number;
  readonly facts: SteadyFacts;
}

let known: KnownFacts | undefined;

/** What is not read again within this time, unless mounts, cgroup or ids have changed. */
const MAX_AGE_MS = 5000;

// A process that starts a thousand containers a second must not read the same thirty files for each.
function readSteadyFacts(): SteadyFacts {
  const ids = `${String(process.geteuid?.())}:${String(process.getegid?.())}`;
  const mountsAreSame = !haveMountsChanged();
  if (known !== undefined && mountsAreSame && known.ids === ids && isFresh(known)) return known.facts;
  const facts = readAll(readFileSync('/proc/self/mountinfo', 'utf8'));
  known = { ids, place: readPlace(), at: now(), facts };
  return facts;
}

function isFresh({ at, place, facts }: KnownFacts): boolean {
  return now() - at < MAX_AGE_MS && isSteady(facts) && (isAtTop(facts) || place === readPlace());
}

function readPlace(): string {
  return readFileSync('/proc/self/cgroup', 'utf8');
}

// Where containers go below the mount points themselves, it does not matter in which cgroup this process is.
function isAtTop({ cgroup: { layout, v2Base, v1Base } }: SteadyFacts): boolean {
  const tops = new Set(layout.v1.map(({ mount }) => mount));
  return v2Base !== undefined && v2Base.path === layout.v2?.mount && v1Base.every(({ path }) => tops.has(path));
}

let watched: number | undefined;

// To ask costs a hundredth of reading the list. The descriptor stays open as long as the process.
function haveMountsChanged(): boolean {
  if (watched !== undefined) return addon.isReady({ fd: watched, events: 'priority' });
  watched = openSync('/proc/self/mountinfo', 'r');
  return true;
}

// Who is in a delegated cgroup, and so whether it can become a parent, may change at any time.
function isSteady({ cgroup: { v2Base, v2Top } }: SteadyFacts): boolean {
  return [v2Base, v2Top].every((base) => base === undefined || base.isRoot);
}

function readAll(mountinfo: string): SteadyFacts {
  const caller = readCaller();
  const userns = readUserns(caller);
  const resolvConf = readLinkedResolvConf();
  return {
    kernel: parseKernelVersion(readFileSync('/proc/sys/kernel/osrelease', 'utf8')),
    cpu: process.arch === 'arm64' ? 'arm64' : 'x64',
    ...(hasSeccomp() ? {} : { noSeccomp: true as const }),
    caller,
    userns,
    ...readMounts(mountinfo, caller, userns),
    rootEntries: caller.privileged ? [] : readRootEntries(),
    homes: readHomes(),
    ...(resolvConf === undefined ? {} : { resolvConf }),
    cgroup: readCgroupFacts(),
  };
}

/** Reads `6.1.0-18-amd64` as `[6, 1]`. */
export function parseKernelVersion(text: string): KernelVersion {
  const match = /^(\d+)\.(\d+)/.exec(text);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
}

function readMounts(
  mountinfo: string,
  { privileged }: CallerFacts,
  { initial }: UsernsFacts,
): Pick<HostFacts, 'mounts' | 'unstackable' | 'locked'> {
  const entries = parseMountinfo(mountinfo);
  return {
    mounts: entries.map(toMount),
    locked: privileged && !initial ? findLocked(entries) : [],
    unstackable: entries
      .filter(({ type, source }) => type === 'overlay' && source === STACKED_OVERLAY)
      .map(({ point }) => point),
  };
}

// No file of /proc tells; the kernel does when it is asked for such a mount alone. See mount_namespaces(7).
function findLocked(entries: readonly MountEntry[]): readonly string[] {
  const points = [...new Set(entries.map(({ point }) => point))];
  return points.filter((point) => points.some((other) => other.startsWith(`${point}/`)) && isLocked(point));
}

function isLocked(path: string): boolean {
  try {
    closeSync(addon.openTree({ path, recursive: false }));
    return false;
  } catch (error) {
    return error instanceof Error && 'errno' in error && errnoName(Number(error.errno)) === 'EINVAL';
  }
}

function toMount({ root, point, type, options }: MountEntry): HostMount {
  const unreachable = !isReachable(point);
  return {
    target: point,
    type,
    readOnly: options.includes('ro'),
    ...(unreachable ? { unreachable } : {}),
    // Only a part of a file system can be a file; asking a whole one, an NFS server that is down say, might take for ever.
    isFile: root !== '/' && !unreachable && statSync(point, { throwIfNoEntry: false })?.isFile() === true,
  };
}

// Docker's mounts, for whoever is not root.
function isReachable(point: string): boolean {
  try {
    accessSync(dirname(point), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readRootEntries(): readonly RootEntry[] {
  return readdirSync('/', { withFileTypes: true }).map((entry): RootEntry => {
    const { name } = entry;
    if (entry.isSymbolicLink()) return { name, kind: 'symlink', target: readlinkSync(`/${name}`) };
    return { name, kind: entry.isDirectory() ? 'directory' : 'file' };
  });
}

function readKinds(paths: readonly string[]): Readonly<Record<string, PathKind>> {
  return Object.fromEntries(
    paths.flatMap((path) => {
      const status = statSync(path, { throwIfNoEntry: false });
      return status === undefined ? [] : [[path, status.isDirectory() ? 'directory' : 'file'] as const];
    }),
  );
}

// systemd-resolved and friends keep the real file in /run, which a container does not share.
function readLinkedResolvConf(): string | undefined {
  const path = '/etc/resolv.conf';
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // a link that leads nowhere: then the host resolves no names either
  }
}

// Since Linux 4.14.
function hasSeccomp(): boolean {
  return statSync('/proc/sys/kernel/seccomp/actions_avail', { throwIfNoEntry: false }) !== undefined;
}
