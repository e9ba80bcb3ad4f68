import { readFileSync } from 'node:fs';
import { readLayout } from '../../cgroup/facts.js';
import { tryWrite } from '../../cgroup/files.js';
import { HeldProcess } from '../caller/held-process.js';
import { findMembership, type Membership } from '../caller/membership.js';
import { fieldOf } from '../../util/proc-fields.js';
import type { Directory } from './directory.js';

/**
 * Puts a process back that was moved by mistake: it has taken over a pid between the look at its predecessor and the write. So it is
 * a newborn, and came from where its parent is.
 *
 * @param pid - of a process or thread, in this process's pid namespace
 * @param target - where it was moved to
 */
export function putBack(pid: number, target: Directory): void {
  try {
    using stranger = HeldProcess.open(readNumber(pid, 'Tgid'));
    if (find(stranger)?.inode !== target.inode) return;
    const parentPid = readNumber(stranger.pid, 'PPid');
    // The first process takes in orphans: whoever can make itself one would be let out to where that is.
    using parent = parentPid > 1 ? HeldProcess.open(parentPid) : undefined;
    const home = parent && find(parent);
    if (home?.inode === target.inode || !stranger.isAlive()) return;
    if (home === undefined) {
      warn(pid);
      return;
    }
    if (tryWrite(`${home.path}/cgroup.procs`, String(stranger.pid)) === undefined) return;
    warn(pid);
  } catch {
    // It has ended, or its parent has: then nobody knows where it belongs.
    if (isThere(pid)) warn(pid);
  }
}

function find(held: HeldProcess): Membership | undefined {
  const { v2 } = readLayout();
  return v2 && findMembership(held, v2);
}

/** @throws the error of node:fs where there is no such process */
function readNumber(pid: number, field: 'Tgid' | 'PPid'): number {
  const text = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(fieldOf(text, field) ?? 0);
}

function isThere(pid: number): boolean {
  try {
    return readNumber(pid, 'Tgid') > 0;
  } catch {
    return false;
  }
}

function warn(pid: number): void {
  process.emitWarning(`process ${String(pid)} was moved to another cgroup by mistake, and could not be put back`, {
    code: 'CORRAL_MISPLACED',
  });
}
