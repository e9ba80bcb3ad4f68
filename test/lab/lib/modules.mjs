// Kernel modules for the initramfs: which files, in an order in which they can be loaded.

/** The modules that corral's tests and the guest's devices want; what a kernel has built in has no file. */
export const WANTED_MODULES = [
  'virtio_pci',
  'virtio_blk',
  'virtio_console',
  'virtio_rng',
  // ext4 asks for it by its algorithm, not by its name.
  'crc32c_generic',
  'ext4',
  'overlay',
  'fuse',
  'ipv6',
  'veth',
  'bridge',
  'tun',
];

/**
 * Puts modules after those that they need.
 *
 * @param {readonly string[]} wanted names, with `_` for `-`
 * @param {(name: string) => readonly string[] | undefined} readDepends what a module needs; undefined when there is no such file
 * @returns {string[]} names; without those that have no file, which the kernel has built in or does not have
 */
export function orderModules(wanted, readDepends) {
  /** @type {Set<string>} */
  const ordered = new Set();
  /** @type {Set<string>} */
  const seen = new Set();
  /** @param {string} name */
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    const depends = readDepends(name);
    if (depends === undefined) return;
    depends.forEach(visit);
    ordered.add(name);
  };
  wanted.forEach(visit);
  return [...ordered];
}

/**
 * Reads what a module needs out of its `.modinfo` section, where strings `key=value` stand with a NUL after each.
 *
 * @param {Buffer} module the file
 * @returns {string[]} names, with `_` for `-`
 */
export function parseDepends(module) {
  const at = module.indexOf('\0depends=');
  if (at === -1) return [];
  const start = at + '\0depends='.length;
  const names = module.subarray(start, module.indexOf(0, start)).toString();
  return names === '' ? [] : names.split(',').map(canonicalName);
}

/** A module's name as the kernel has it: its file may be called `crc32c-intel.ko`. @param {string} name */
export function canonicalName(name) {
  return name.replaceAll('-', '_');
}
