import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import { readCgroupFacts } from '../../src/cgroup/facts.js';
import { TIME_SCALE } from './scale.js';

/** Where to look: what the tests of one file start, they start below these. */
export interface LeakScope {
  /** The `cgroupParent` of every container, relative or from the top of the hierarchies. */
  readonly cgroupParent: string;
  readonly stateDir: string;
}

/** What a test may not leave more of than it found: what stays the same of it between two looks, and a description. */
export type Snapshot = ReadonlyMap<string, string>;

/** Descriptors that may appear in a test, by the target of their link in /proc/self/fd. */
const KNOWN_FDS: readonly { readonly target: RegExp; readonly reason: string }[] = [
  { target: /^[/]memfd:corral-init /, reason: 'made by the first launch and kept: every later one executes it' },
  {
    target: /^[/]proc[/]\d+[/]mountinfo$/,
    reason: 'opened by the first launch and kept: the kernel tells by it of changes',
  },
  { target: /^[/]proc[/]\d+[/]fd$/, reason: 'the look at the list itself' },
  { target: /^anon_inode:inotify$/, reason: 'the event loop’s own: made by the first fs.watch, and kept' },
  { target: /^anon_inode:\[eventpoll\]$/, reason: 'the event loop of a worker thread that Node starts when it likes' },
];

/** Takes stock of all that a container could leave on this host and in this process. */
export function takeSnapshot(scope: LeakScope): Snapshot {
  const things = [
    ...listCgroups(scope.cgroupParent).map((path) => `cgroup ${path}`),
    ...listMounts().map((line) => `mount ${line}`),
    ...listDescriptors().map((fd) => `descriptor ${fd}`),
    ...list(scope.stateDir).map((name) => `state ${scope.stateDir}/${name}`),
  ];
  // A process changes its name by exec, and its state all the time.
  const children = listChildren(process.pid).map(({ pid, text }) => [`child ${String(pid)}`, `child ${text}`] as const);
  return new Map([...things.map((thing) => [thing, thing] as const), ...children]);
}

/**
 * Compares with an earlier look. What is being cleared away at this moment gets the time to go.
 *
 * @returns what is there now and was not then: empty when nothing leaked
 */
export async function findLeaks(before: Snapshot, scope: LeakScope, patienceMs = 2000): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs * TIME_SCALE;
  for (;;) {
    const leaks = [...takeSnapshot(scope)].flatMap(([key, text]) => (before.has(key) ? [] : [text]));
    if (leaks.length === 0 || performance.now() > deadline) return leaks;
    await delay(20);
  }
}

/**
 * Fails each test of the file that leaves a cgroup, a mount, a descriptor, a child process or an entry of the state
 * directory behind, or of which corral itself says that something was left.
 *
 * Call it before hooks that clean up are registered: vitest runs `afterEach` hooks last first.
 */
export function checkLeaks(scope: LeakScope): void {
  let before: Snapshot = new Map();
  const warnings: string[] = [];
  const listen = (warning: Error & { readonly code?: string }): void => {
    if (warning.code === 'CORRAL_LEFTOVERS') warnings.push(warning.message);
  };
  beforeEach(() => {
    warnings.length = 0;
    process.on('warning', listen);
    before = takeSnapshot(scope);
  });
  afterEach(async () => {
    const leaks = await findLeaks(before, scope);
    process.off('warning', listen);
    expect([...leaks, ...warnings], 'nothing is left behind').toEqual([]);
  });
}

/** Lists the cgroups below a parent, in every hierarchy and below every place where a relative one may begin. */
export function listCgroups(parent: string): readonly string[] {
  return listTops().flatMap((top) => listDirectories(`${top}/${parent}`.replaceAll('//', '/')));
}

function listTops(): readonly string[] {
  const { layout, v2Base, v1Base } = readCgroupFacts();
  const tops = new Set([
    // A relative path begins at this process's own cgroup, or, where there is v2 alone, beside it.
    ...[...(layout.v2 === undefined ? [] : [layout.v2]), ...layout.v1, ...layout.named].flatMap(({ mount, own }) =>
      own === undefined || own === mount ? [mount] : [mount, own, dirname(own)],
    ),
    ...[v2Base, ...v1Base].flatMap((base) => (base === undefined ? [] : [base.path])),
  ]);
  return [...tops];
}

/** Lists the parent itself, in every hierarchy in which it is. */
export function listParents(parent: string): readonly string[] {
  return listTops()
    .map((top) => `${top}/${parent}`.replaceAll('//', '/'))
    .filter((path) => existsSync(path));
}

function listDirectories(path: string): readonly string[] {
  return list(path, 'directories').flatMap((name) => [`${path}/${name}`, ...listDirectories(`${path}/${name}`)]);
}

// Without their ids, which the kernel gives again.
function listMounts(): readonly string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, , device = '', root = '', target = ''] = line.split(' ');
    return `${device} ${root} on ${target} (${line.slice(line.indexOf(' - ') + 3)})`;
  });
}

/** Lists this process's descriptors as `number → target`, but for those that are known to stay. */
export function listDescriptors(): readonly string[] {
  return list('/proc/self/fd').flatMap((fd) => {
    const target = readLink(`/proc/self/fd/${fd}`);
    const passes = target === undefined || KNOWN_FDS.some((known) => known.target.test(target));
    return passes ? [] : [`${fd} → ${target}`];
  });
}

/** Lists the children of a process, zombies included; `text` is `pid (name) state`. */
export function listChildren(parent: number): readonly { readonly pid: number; readonly text: string }[] {
  return listProcesses().flatMap((pid) => {
    const stat = read(`/proc/${String(pid)}/stat`);
    const name = stat.slice(stat.indexOf('('), stat.lastIndexOf(')') + 1);
    const [state = '', ppid = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(ppid) === parent ? [{ pid, text: `${String(pid)} ${name} ${state}` }] : [];
  });
}

/** Lists the processes of this host that have a word among their arguments, zombies left out. */
export function findByArgument(word: string): readonly number[] {
  return listProcesses().filter((pid) =>
    read(`/proc/${String(pid)}/cmdline`)
      .split('\0')
      .includes(word),
  );
}

function listProcesses(): readonly number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function list(path: string, kind: 'all' | 'directories' = 'all'): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => kind === 'all' || entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return []; // gone, or never made
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // closed meanwhile
  }
}
