import { closeSync, readFileSync, writeSync } from 'node:fs';
import { addon, nativeDirectory } from './addon.js';
import { call } from './call.js';
import { NATIVE_FILES } from './locate.js';

let image: number | undefined;

/**
 * Returns a descriptor of corral-init, in a sealed memfd: `/proc/PID/exe` of a container's first process then never names
 * a file of the host that the container could overwrite (CVE-2019-5736). Made once for the process, and kept open.
 *
 * @throws SyscallError EACCES where `vm.memfd_noexec=2` forbids executable memfds; see memfd_create(2)
 */
export function openInitImage(): number {
  image ??= makeImage();
  return image;
}

function makeImage(): number {
  const program = readFileSync(`${nativeDirectory}/${NATIVE_FILES.init}`);
  const fd = call('create memfd for corral-init', () => addon.memfdCreate({ name: 'corral-init', executable: true }));
  try {
    for (let written = 0; written < program.length;) written += writeSync(fd, program, written);
    call('seal memfd of corral-init', () => addon.sealMemfd({ fd }));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
