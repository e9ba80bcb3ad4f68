import { closeSync, openSync, readSync } from 'node:fs';

const NAME_BYTES = 6;

const pool = new Uint8Array(64 * NAME_BYTES);
let used = pool.length;

/** Returns a name of 12 random hexadecimal digits. @see random(4) */
export function randomName(): string {
  if (used === pool.length) fill();
  const bytes = pool.subarray(used, (used += NAME_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Not by node:crypto, which takes longer to load than the container to start. For many at a time: one read costs as much as six
// bytes of it.
function fill(): void {
  const fd = openSync('/dev/urandom', 'r');
  try {
    if (readSync(fd, pool) !== pool.length) throw new Error('/dev/urandom is at its end');
    used = 0;
  } finally {
    closeSync(fd);
  }
}
