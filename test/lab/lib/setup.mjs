// All parts that a guest is booted from.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxPart, kernelPart, qemuPart, rootPart, shimPart, umlPart } from './parts.mjs';

/**
 * @typedef {object} Parts
 * @property {string} kernel file
 * @property {string} modules directory below which the kernel's modules are
 * @property {string} engine directory of the engine's packages
 * @property {string} [shim]
 * @property {string} busybox file
 * @property {string} root file
 */

/**
 * Returns what a guest of an engine needs, made first where it is missing.
 *
 * @param {import('./cache.mjs').Cache} cache
 * @param {'uml' | 'qemu'} engine
 * @returns {Promise<Parts>}
 */
export async function prepare(cache, engine) {
  const common = {
    busybox: join(await busyboxPart(cache), 'bin/busybox'),
    root: join(await rootPart(cache), 'root.ext4'),
  };
  if (engine === 'uml') {
    const directory = await umlPart(cache);
    return {
      ...common,
      engine: directory,
      kernel: join(directory, 'usr/bin/linux.uml'),
      modules: join(directory, 'usr/lib/uml/modules'),
      shim: join(await shimPart(cache), 'ptrace-shim.so'),
    };
  }
  const directory = await kernelPart(cache);
  const [kernel] = (await readdir(join(directory, 'boot'))).filter((name) => name.startsWith('vmlinuz-'));
  return {
    ...common,
    engine: await qemuPart(cache),
    kernel: join(directory, 'boot', kernel),
    modules: join(directory, 'lib/modules'),
  };
}
