// The archive that a kernel unpacks as its first root file system: cpio(5), "New ASCII Format".

const MODES = { file: 0o100000, directory: 0o040000, link: 0o120000 };
const HEADER_BYTES = 110;

/**
 * @typedef {{ path: string, directory: true }
 *   | { path: string, link: string }
 *   | { path: string, data: Buffer | string, executable?: boolean }} CpioEntry a path relative to the root, without a leading slash
 */

/**
 * Encodes an archive of root's files. Directories must come before what is in them.
 *
 * @param {readonly CpioEntry[]} entries
 * @returns {Buffer}
 */
export function encodeCpio(entries) {
  const parts = entries.flatMap((entry, index) => encodeEntry(entry, index + 1));
  return Buffer.concat([...parts, ...encodeMember('TRAILER!!!', 0, 0, Buffer.alloc(0))]);
}

/** @param {CpioEntry} entry @param {number} inode */
function encodeEntry(entry, inode) {
  if ('directory' in entry) return encodeMember(entry.path, inode, MODES.directory | 0o755, Buffer.alloc(0));
  if ('link' in entry) return encodeMember(entry.path, inode, MODES.link | 0o777, Buffer.from(entry.link));
  const mode = MODES.file | (entry.executable === true ? 0o755 : 0o644);
  return encodeMember(entry.path, inode, mode, Buffer.from(entry.data));
}

/** @param {string} path @param {number} inode @param {number} mode @param {Buffer} data */
function encodeMember(path, inode, mode, data) {
  const name = Buffer.from(`${path}\0`);
  const links = (mode & MODES.directory) === MODES.directory ? 2 : 1;
  // inode, mode, uid, gid, links, mtime, size, device (2), device of a node (2), length of the name, checksum
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, pad(HEADER_BYTES + name.length), data, pad(data.length)];
}

/** Names and data begin at multiples of four. @param {number} length */
function pad(length) {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
