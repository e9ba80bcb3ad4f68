import { openSync } from 'node:fs';
import type { Act } from '../cgroup/types.js';
import { SyscallError } from '../errors/syscall-error.js';
import { Fd } from '../native/fd.js';
import { launchInit } from '../native/launch.js';
import { Pidfd } from '../native/pidfd.js';
import type { IdRange } from '../plan/types.js';
import { CLONE } from '../util/linux.js';
import type { UndoStack } from '../util/undo.js';
import { writeIdMaps } from './id-maps.js';
import type { TreePlan } from './mount-sources.js';

interface MappingContext {
  readonly act: Act;
  readonly undo: UndoStack;
}

/**
 * Opens a user namespace for each mount that has an id mapping of its own: the kernel takes a mapping in no other form.
 *
 * @returns the descriptors by slot, the caller's to close; they are on the undo stack, too
 * @see mount_setattr(2), MOUNT_ATTR_IDMAP
 */
export async function openMountMappings(
  trees: readonly TreePlan[],
  context: MappingContext,
): Promise<ReadonlyMap<string, Fd>> {
  const opened = new Map<string, Fd>();
  for (const { slot, mapping } of trees) {
    if (mapping === undefined || mapping.by === 'container') continue;
    const { by } = mapping;
    opened.set(slot, 'path' in by ? openNamespace(by.path, context) : await makeNamespace(by, context));
  }
  return opened;
}

function openNamespace(path: string, { act, undo }: MappingContext): Fd {
  return act(`open user namespace ${path}`, () => keep(openFile(path), undo));
}

function keep(fd: Fd, undo: UndoStack): Fd {
  undo.push('close user namespace', () => {
    fd.close();
  });
  return fd;
}

function openFile(path: string): Fd {
  try {
    return new Fd(openSync(path, 'r'));
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
    throw new SyscallError({ action: `open user namespace ${path}`, syscall: 'open', errno: -error.errno, path });
  }
}

type Ranges = Readonly<Record<'uids' | 'gids', readonly IdRange[]>>;

function makeNamespace(ranges: Ranges, context: MappingContext): Promise<Fd> {
  return context.act('make user namespace', async () => keep(await openMapped(ranges, context.act), context.undo));
}

// A namespace begins with a process in it, and lasts as long as somebody has it open.
async function openMapped({ uids, gids }: Ranges, act: Act): Promise<Fd> {
  const launched = await launchInit({ flags: CLONE.CLONE_NEWUSER });
  const pidfd = Pidfd.adopt(launched.pidfd);
  const socket = new Fd(launched.socketFd);
  try {
    await writeIdMaps(launched.pid, { uids, gids, setgroups: 'allow', writer: 'direct' }, act);
    return openFile(`/proc/${String(launched.pid)}/ns/user`);
  } finally {
    // Its plan will not come: it ends.
    socket.close();
    await pidfd.wait();
    pidfd.close();
  }
}
