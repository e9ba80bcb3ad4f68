import { closeSync, openSync } from 'node:fs';
import { SyscallError } from '../../errors/syscall-error.js';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { Fd } from '../../native/fd.js';
import { onDirectory } from '../files.js';

/**
 * Makes a program the only one of the device cgroup at `path`. What both the old and the new one allow is allowed all the time:
 * one is replaced in one step, where the kernel can (5.6), and else the old ones go after the new one has come.
 *
 * @param instructions - eBPF, as `compileDevices` makes it
 * @throws SyscallError of bpf(2): EPERM where the caller may not use it
 */
export function attachDevices(path: string, instructions: Uint8Array): void {
  const cgroup = new Fd(onDirectory(`open ${path}`, path, () => openSync(path, 'r')));
  const opened: Fd[] = [cgroup];
  try {
    const old = listPrograms(cgroup.number, path);
    opened.push(...old);
    const program = new Fd(call('load device program', () => addon.loadDeviceProgram({ instructions })));
    opened.push(program);
    const [only] = old;
    if (only !== undefined && old.length === 1 && tryReplace(cgroup, program, only)) return;
    attach(cgroup, program, path);
    for (const one of old) detach(cgroup, one, path);
  } finally {
    for (const fd of opened) fd.close();
  }
}

/** Returns how many device programs are attached to the cgroup at `path` itself. @throws SyscallError of bpf(2) */
export function countDevicePrograms(path: string): number {
  const cgroupFd = onDirectory(`open ${path}`, path, () => openSync(path, 'r'));
  try {
    return call(`list device programs of ${path}`, () => addon.listDevicePrograms({ cgroupFd }), path).length;
  } finally {
    closeSync(cgroupFd);
  }
}

function listPrograms(cgroupFd: number, path: string): readonly Fd[] {
  const ids = call(`list device programs of ${path}`, () => addon.listDevicePrograms({ cgroupFd }), path);
  return ids.flatMap((id) => {
    try {
      return new Fd(call(`open device program ${id}`, () => addon.openProgram({ id })));
    } catch (error) {
      // One that an LSM hides can only forbid more, and one that is gone forbids nothing.
      if (error instanceof SyscallError && ['EACCES', 'EPERM', 'ENOENT'].includes(error.code)) return [];
      throw error;
    }
  });
}

function tryReplace(cgroup: Fd, program: Fd, old: Fd): boolean {
  try {
    addon.attachDeviceProgram({ cgroupFd: cgroup.number, programFd: program.number, replacedFd: old.number });
    return true;
  } catch {
    // A kernel that cannot, or one that was attached in another way: then it is done in two steps.
    return false;
  }
}

function attach(cgroup: Fd, program: Fd, path: string): void {
  const fds = { cgroupFd: cgroup.number, programFd: program.number };
  call(`attach device program to ${path}`, () => addon.attachDeviceProgram(fds), path);
}

function detach(cgroup: Fd, program: Fd, path: string): void {
  const fds = { cgroupFd: cgroup.number, programFd: program.number };
  call(`detach device program from ${path}`, () => addon.detachDeviceProgram(fds), path);
}
