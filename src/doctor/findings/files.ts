import { compile } from '../../compile/compile.js';
import { type NoteKind, kindOfNote } from '../../compile/notes.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import type { HostFacts } from '../../host/facts.js';
import { toSpec } from '../../spec/from-options.js';
import type { DoctorFacts, Finding, Fix, Group } from '../types.js';
import { useKernel } from './fixes.js';

/** What a note about files costs, and the way out. Those about other things are explained where they belong. */
const EXPLAINED: Readonly<
  Partial<Record<NoteKind, { readonly id: string; readonly cost: string; readonly fix: Fix }>>
> = {
  hostIds: {
    id: 'files.ids',
    cost: 'who breaks out of a container is root’s own user id on the host, if without its capabilities',
    fix: {
      what: 'use a root file system that can be idmapped (ext4, xfs, btrfs), or --rootfs DIR on one; an overlay cannot be',
    },
  },
  ownedByNobody: {
    id: 'files.owners',
    cost: 'in containers, root cannot change these files, and reads only what everybody may',
    fix: { what: 'mount them from a file system that can be idmapped (ext4, xfs, btrfs; tmpfs from Linux 6.3)' },
  },
  bound: {
    id: 'files.depth',
    cost: 'commands in containers cannot write there, not even to throw it away',
    fix: { what: 'give them a place with -v or --tmpfs, or a root file system of their own with --rootfs' },
  },
  readOnly: {
    id: 'files.read-only',
    cost: 'commands in containers cannot write there, not even to throw it away',
    fix: { what: 'give them a place with -v or --tmpfs; as root it would be writable' },
  },
  noOpaqueDirectories: {
    id: 'files.directories',
    cost: 'in a container, mkdir fails where a directory of the host was removed: rm -r x && mkdir x',
    fix: useKernel('6.6'),
  },
  noCgroupMount: {
    id: 'files.cgroup',
    cost: 'commands in containers see the host’s cgroups, if any',
    fix: { what: 'mount cgroup v2: see cgroup mode' },
  },
};

/** How much of the host's files a container gets to see, and as whose. */
export function diagnoseFiles(facts: DoctorFacts): Group {
  const notes = defaultNotes(facts.host);
  const explained = notes.flatMap((note) => explain(note));
  return {
    name: 'files',
    summary: 'a throw-away layer over the host’s own',
    findings: [...idmap(facts), ...explained, ...(explained.length === 0 ? [layer()] : [])],
  };
}

function layer(): Finding {
  return {
    id: 'files.layer',
    status: 'ok',
    subject: 'root file system',
    detail: 'the host’s own, with a layer above it that is thrown away',
  };
}

function explain(note: string): readonly Finding[] {
  const kind = kindOfNote(note);
  const explanation = kind === undefined ? undefined : EXPLAINED[kind];
  if (explanation === undefined) return [];
  const { id, cost, fix } = explanation;
  return [{ id, status: 'limited', subject: 'root file system', detail: note, cost, fixes: [fix] }];
}

// What the kernel's version promises, a file system may refuse: then corral run finds out, and does without.
function idmap({ trials: { idmap: trial } }: DoctorFacts): readonly Finding[] {
  if (trial === undefined) return [];
  const about = { id: 'files.idmap', subject: 'idmapped mounts' };
  if (trial.ok)
    return [{ ...about, status: 'ok', detail: 'of the root file system: files keep their owners in containers' }];
  const fixes = [{ what: 'use a root file system that can be idmapped: ext4, xfs or btrfs, on Linux 5.19' }];
  return [{ ...about, status: 'limited', detail: trial.message, cost: EXPLAINED.hostIds?.cost ?? '', fixes }];
}

/** Returns the notes that `corral run` would print here, by default. */
export function defaultNotes(host: HostFacts): readonly string[] {
  const spec = toSpec(
    ['true'],
    'doctor',
    {},
    {
      cwd: '/',
      env: {},
      ids: host.caller,
      user: () => ({ uid: 0, gid: 0, additionalGids: [], home: '/root' }),
      device: () => undefined,
      resolve: (path) => path,
      readJson: () => undefined,
      machine: () => host,
      program: [],
      apiDirectory: '/',
    },
  );
  try {
    return compile('doctor', spec, host).notes;
  } catch (error) {
    // What is refused is told of by the container that was tried.
    if (error instanceof UnsupportedError) return [];
    throw error;
  }
}
