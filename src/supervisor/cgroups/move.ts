import { tryWrite } from '../../cgroup/files.js';
import { RefusedError } from '../../errors/refused-error.js';
import type { HeldProcess } from '../caller/held-process.js';
import type { CgroupScope } from '../caller/scope.js';
import { Directory } from './directory.js';
import { checkTask, findTask } from './find-task.js';
import { mayRule } from './authority.js';
import { isLeaf, type RelativePath } from './paths.js';
import { putBack } from './put-back.js';
import { describeFailure } from './words.js';

/** What tests put between the steps of a move. */
export interface MoveFaults {
  /**
   * Called when the process was found alive, right before the kernel is told its pid.
   *
   * @returns the pid of whoever is to have taken that over meanwhile
   */
  readonly takenOver?: (held: HeldProcess) => number;
}

/**
 * Moves a process to another cgroup of a caller's.
 *
 * The kernel takes a pid, which it looks up in this process's pid namespace at the moment of the write. The process is held by a
 * pidfd, so it is known before and after whether that was still its own; a stranger that had taken it over is put back.
 *
 * @param pid - as the caller's pid namespace has it
 * @throws RefusedError, CgroupError
 */
export async function moveTask(
  scope: CgroupScope,
  name: RelativePath,
  pid: unknown,
  faults: MoveFaults = {},
): Promise<void> {
  using base = Directory.openBase(scope);
  using target = Directory.open(scope, name);
  checkTarget(scope, target);
  using held = await findTask(scope, base, pid);
  checkSource(scope, checkTask(scope, held, Number(pid)), { target, pid });
  const written = faults.takenOver?.(held) ?? held.pid;
  const failure = tryWrite(`${target.path}/cgroup.procs`, String(written));
  if (!held.isAlive()) {
    if (failure === undefined) putBack(written, target);
    throw new RefusedError(`move process ${String(pid)}`, 'ESRCH', { hint: 'it has ended' });
  }
  if (failure === undefined) return;
  const action = `move process ${String(pid)} to ${target.words}`;
  throw describeFailure({ action, cgroup: target.name.join('/'), file: 'cgroup.procs', value: String(pid) }, failure);
}

// Whoever has put it there may have meant to limit it: out of that only its owner lets it, as with the kernel.
function checkSource(
  scope: CgroupScope,
  source: RelativePath,
  { target, pid }: { readonly target: Directory; readonly pid: unknown },
): void {
  const shared = source.findIndex((name, index) => target.name[index] !== name);
  for (let depth = source.length; shared >= 0 && depth > shared; depth--) {
    const name = source.slice(0, depth);
    // Nobody but corral is the owner of those; they limit nothing.
    if (isLeaf(name)) continue;
    using left = Directory.open(scope, name);
    if (mayRule({ uid: left.owner.uid }, scope)) continue;
    throw new RefusedError(`move process ${String(pid)} out of cgroup ${left.words}`, 'EACCES', {
      hint: 'it belongs to another user',
    });
  }
}

// To its own cgroup whoever is in it may come back.
function checkTarget(scope: CgroupScope, target: Directory): void {
  if (target.name.length === 0 || mayRule({ uid: target.owner.uid }, scope)) return;
  throw new RefusedError(`move a process to cgroup ${target.words}`, 'EACCES', { hint: 'it belongs to another user' });
}
