import { basename, dirname } from 'node:path/posix';
import { isWritable, readIfPresent, readText } from './files.js';
import { detectLayout } from './layout.js';
import { parseWords } from './parse.js';
import { readScopeFacts } from './systemd/facts.js';
import type {
  CgroupFacts,
  CgroupLayout,
  CgroupProblem,
  Hierarchy,
  ScopeFacts,
  V1Base,
  V1Hierarchy,
  V2Base,
} from './types.js';

/** The leaf to which corral moves the processes of a cgroup that has to become a parent. */
export const SUPERVISOR = 'supervisor';

/** Reads which hierarchies are mounted and where the caller is in them. @see {@link detectLayout} */
export function readLayout(): CgroupLayout {
  return detectLayout({
    mountinfo: readIfPresent('/proc/self/mountinfo') ?? '',
    cgroups: readIfPresent('/proc/cgroups') ?? '',
    self: readIfPresent('/proc/self/cgroup') ?? '',
  });
}

/** Reads everything about this host's cgroups that a plan depends on. */
export function readCgroupFacts(): CgroupFacts {
  const layout = readLayout();
  const systemd = readScopeFacts(layout);
  const v2Base = layout.v2 && selectV2Base(layout.v2, systemd);
  const v2Top = layout.v2 && isWritable(layout.v2.mount) ? readV2Base(layout.v2.mount) : undefined;
  const v2Above = v2Top === undefined ? readAbove(layout.v2) : undefined;
  return {
    layout,
    ...(v2Base && { v2Base }),
    ...(v2Top && { v2Top }),
    ...(v2Above && { v2Above }),
    v1Base: layout.v1.flatMap((hierarchy) => toV1Base(hierarchy, [hierarchy.mount, hierarchy.own])),
    v1Top: layout.v1.flatMap((hierarchy) => toV1Base(hierarchy, [hierarchy.mount])),
    hasSwap: (readIfPresent('/proc/swaps') ?? '').trim().includes('\n'),
    ...(v2Base === undefined && { problem: describeProblem(layout, systemd) }),
    ...(systemd && { systemd }),
  };
}

function selectV2Base({ mount, own }: Hierarchy, systemd: ScopeFacts | undefined): V2Base | undefined {
  // What systemd has left to the caller is the right place, even for root, who may write anywhere.
  if (systemd?.delegated !== true && isWritable(mount)) return readV2Base(mount);
  if (own === undefined || !isWritable(own)) return undefined;
  // An earlier corral moved everybody down there: what it made room for is the cgroup above.
  const above = dirname(own);
  return readV2Base(basename(own) === SUPERVISOR && isWritable(above) ? above : own);
}

function readAbove({ mount, own = mount }: Partial<Hierarchy> = {}): string | undefined {
  return own !== undefined && own !== mount && isWritable(dirname(own)) ? dirname(own) : undefined;
}

function readV2Base(path: string): V2Base {
  // The real root lacks the files of a cgroup that has a parent.
  const isRoot = readIfPresent(`${path}/cgroup.type`) === undefined;
  return {
    path,
    controllers: parseWords(readIfPresent(`${path}/cgroup.controllers`) ?? ''),
    needsEvacuation: !isRoot && readText(`${path}/cgroup.procs`) !== '',
    isRoot,
  };
}

function toV1Base({ controllers }: V1Hierarchy, paths: readonly (string | undefined)[]): readonly V1Base[] {
  const path = paths.find((one) => one !== undefined && isWritable(one));
  return path === undefined ? [] : [{ controllers, path }];
}

function describeProblem({ mode, v2, v1 }: CgroupLayout, systemd: ScopeFacts | undefined): CgroupProblem {
  if (v2 === undefined) return describeLegacy(v1);
  if (v2.readonly)
    return {
      text: `cgroup v2 is mounted read-only at ${v2.mount}`,
      hint: 'give the outer container a writable one, for example docker run --cgroupns=private -v /sys/fs/cgroup:/sys/fs/cgroup:rw',
    };
  if (v2.own === undefined)
    return {
      text: `cgroup v2 at ${v2.mount} does not show this process's own cgroup`,
      hint: 'mount a cgroup v2 file system in this cgroup namespace: mount -t cgroup2 none /sys/fs/cgroup',
    };
  const text = `${v2.own} may not be written by this user`;
  const problem = mode === 'unified' ? systemd?.problem : undefined;
  if (problem) return { text: `${text}, and ${problem.text}`, hint: problem.hint };
  return {
    text,
    hint: 'run as root, or in a cgroup that is delegated to you: systemd-run --user --scope -p Delegate=yes corral …',
  };
}

// Of a hierarchy that is there and may be written nothing is said: that one does.
function describeLegacy(v1: readonly V1Hierarchy[]): CgroupProblem {
  const freezer = v1.find(({ controllers }) => controllers.includes('freezer'));
  if (freezer === undefined || isWritable(freezer.mount) || (freezer.own !== undefined && isWritable(freezer.own)))
    return { text: 'cgroup v2 is not mounted', hint: 'mount -t cgroup2 none /sys/fs/cgroup/unified' };
  if (freezer.readonly)
    return {
      text: `cgroup v2 is not mounted, and cgroup v1 is read-only at ${freezer.mount}`,
      hint: 'give the outer container a writable one, for example docker run -v /sys/fs/cgroup:/sys/fs/cgroup:rw',
    };
  return {
    text: `cgroup v2 is not mounted, and ${freezer.own ?? freezer.mount} may not be written by this user`,
    hint: 'run as root: cgroup v1 can hardly be delegated; or let root mount cgroup v2 beside it',
  };
}
