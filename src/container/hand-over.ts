import { openSync } from 'node:fs';
import type { Act } from '../cgroup/types.js';
import { Fd } from '../native/fd.js';
import { type Launched, sendPlan } from '../native/launch.js';
import type { FdPlan } from '../plan/types.js';
import type { UndoStack } from '../util/undo.js';
import { type TreePlan, openMountSources } from './mount-sources.js';

/** A plan as corral-init reads it, and the descriptors that go with it. */
export interface EncodedPlan {
  readonly bytes: Uint8Array;
  /** In the order of their slots. */
  readonly fds: readonly FdPlan[];
}

/** What {@link handOver} works with. */
export interface HandOverContext {
  readonly launched: Launched;
  readonly undo: UndoStack;
  readonly act: Act;
  /** The descriptors that are open already; they stay the caller's. */
  readonly opened: (fd: FdPlan) => number | undefined;
  /** The v2 cgroup that the process was born in. */
  readonly cgroupPath: string | undefined;
  /** The namespaces that the process joins, by slot. */
  readonly joined: ReadonlyMap<string, Fd>;
}

/** Opens what a plan needs and sends both: from here on corral-init works by itself. */
export async function handOver({ bytes, fds }: EncodedPlan, context: HandOverContext): Promise<void> {
  const { launched, act, opened } = context;
  const trees = fds.filter((fd) => fd.kind === 'tree');
  const mappings = await openMappings(trees, context);
  const made = new Map([
    ...openMountSources(trees, launched.pid, {
      ...context,
      mappings: new Map([...mappings].map(([slot, fd]) => [slot, fd.number])),
    }),
    ...openGuard(fds, context),
  ]);
  const numberOf = (fd: FdPlan): number => {
    if (fd.kind === 'inherited') return fd.number;
    const number = opened(fd) ?? made.get(fd.slot)?.number;
    if (number === undefined) throw new Error(`nothing was opened for ${fd.slot}`);
    return number;
  };
  act('send plan', () => {
    sendPlan(launched.socketFd, bytes, fds.map(numberOf));
  });
  for (const fd of [...made.values(), ...mappings.values()]) fd.close();
}

const NONE: ReadonlyMap<string, Fd> = new Map();

// Few containers have any: the code for it is loaded for those.
async function openMappings(trees: readonly TreePlan[], context: HandOverContext): Promise<ReadonlyMap<string, Fd>> {
  if (trees.every(({ mapping }) => mapping === undefined || mapping.by === 'container')) return NONE;
  const { openMountMappings } = await import('./mount-mappings.js');
  return openMountMappings(trees, context);
}

function openGuard(fds: readonly FdPlan[], { act, undo, cgroupPath }: HandOverContext): readonly [string, Fd][] {
  const guard = fds.find(({ kind }) => kind === 'cgroup-kill');
  if (guard === undefined || cgroupPath === undefined) return [];
  const file = act('open cgroup.kill', () => {
    const opened = new Fd(openSync(`${cgroupPath}/cgroup.kill`, 'w'));
    undo.push('close cgroup.kill', () => {
      opened.close();
    });
    return opened;
  });
  return [[guard.slot, file]];
}
