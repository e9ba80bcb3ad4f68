import { describe, expect, it } from 'vitest';
import { encodeCpio } from '../../lab/lib/cpio.mjs';

interface Member {
  readonly path: string;
  readonly mode: number;
  readonly links: number;
  readonly data: string;
}

/** Reads an archive as the kernel does, which must not meet a member that does not begin at a multiple of four. */
function decode(archive: Buffer): Member[] {
  const members: Member[] = [];
  let at = 0;
  while (at < archive.length) {
    expect(archive.subarray(at, at + 6).toString()).toBe('070701');
    const field = (index: number): number =>
      parseInt(archive.subarray(at + 6 + index * 8, at + 14 + index * 8).toString(), 16);
    const path = archive.subarray(at + 110, at + 110 + field(11) - 1).toString();
    const start = Math.ceil((at + 110 + field(11)) / 4) * 4;
    members.push({
      path,
      mode: field(1),
      links: field(4),
      data: archive.subarray(start, start + field(6)).toString(),
    });
    at = Math.ceil((start + field(6)) / 4) * 4;
  }
  return members;
}

describe('encodeCpio', () => {
  it('has directories, files and links, with their modes, and an end', () => {
    const archive = encodeCpio([
      { path: 'bin', directory: true },
      { path: 'bin/sh', link: 'busybox' },
      { path: 'bin/busybox', data: Buffer.from('12345'), executable: true },
      { path: 'config', data: 'A=1\n' },
    ]);
    expect(decode(archive)).toEqual([
      { path: 'bin', mode: 0o040755, links: 2, data: '' },
      { path: 'bin/sh', mode: 0o120777, links: 1, data: 'busybox' },
      { path: 'bin/busybox', mode: 0o100755, links: 1, data: '12345' },
      { path: 'config', mode: 0o100644, links: 1, data: 'A=1\n' },
      { path: 'TRAILER!!!', mode: 0, links: 1, data: '' },
    ]);
  });

  it('aligns whatever the lengths are', () => {
    const lengths = [0, 1, 2, 3, 4, 5, 6, 7];
    const archive = encodeCpio(lengths.map((length) => ({ path: 'p'.repeat(length + 1), data: 'd'.repeat(length) })));
    expect(
      decode(archive)
        .slice(0, -1)
        .map(({ data }) => data.length),
    ).toEqual(lengths);
  });
});
