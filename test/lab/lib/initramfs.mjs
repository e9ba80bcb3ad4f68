// The first root file system of a guest: busybox, kernel modules, and what this guest is to do.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeCpio } from './cpio.mjs';
import { WANTED_MODULES, canonicalName, orderModules, parseDepends } from './modules.mjs';

const GUEST = fileURLToPath(new URL('../guest', import.meta.url));
const DIRECTORIES = ['bin', 'dev', 'proc', 'root', 'modules', 'lab', 'lab/units'];

/**
 * @param {{ busybox: string, modules: string }} parts the file of busybox, and the directory of the kernel's modules
 * @param {string} config lines for a shell
 * @param {string} command for bash
 * @returns {Buffer} a cpio archive
 */
export function buildInitramfs(parts, config, command) {
  const script = (/** @type {string} */ name) => readFileSync(join(GUEST, name));
  const modules = readModules(parts.modules);
  return encodeCpio([
    ...DIRECTORIES.map((path) => ({ path, directory: /** @type {const} */ (true) })),
    { path: 'init', data: script('initramfs-init'), executable: true },
    { path: 'bin/busybox', data: readFileSync(parts.busybox), executable: true },
    { path: 'bin/sh', link: 'busybox' },
    { path: 'modules/order', data: modules.map(({ name }) => `${name}\n`).join('') },
    ...modules.map(({ name, data }) => ({ path: `modules/${name}.ko`, data })),
    ...['init', 'job', 'poweroff'].map((name) => ({ path: `lab/${name}`, data: script(name), executable: true })),
    ...readdirSync(join(GUEST, 'units')).map((name) => ({ path: `lab/units/${name}`, data: script(`units/${name}`) })),
    { path: 'lab/config', data: config },
    { path: 'lab/command', data: command },
  ]);
}

/** @param {string} directory */
function readModules(directory) {
  const files = readdirSync(directory, { recursive: true }).map(String);
  const paths = new Map(
    files
      .filter((file) => file.endsWith('.ko'))
      .map((file) => [canonicalName(file.replace(/^.*[/]|[.]ko$/g, '')), join(directory, file)]),
  );
  /** @type {Map<string, Buffer>} */
  const read = new Map();
  const order = orderModules(WANTED_MODULES, (name) => {
    const path = paths.get(name);
    if (path === undefined) return undefined;
    const data = readFileSync(path);
    read.set(name, data);
    return parseDepends(data);
  });
  return order.map((name) => ({ name, data: read.get(name) ?? Buffer.alloc(0) }));
}
