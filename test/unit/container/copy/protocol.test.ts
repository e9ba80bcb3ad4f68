import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeReply, encodeRequest } from '../../../../src/container/copy/protocol.js';
import { kindOf } from '../../../../src/container/copy/tree.js';

/** A reply as corral-init lays it out. */
function reply(words: readonly number[], numbers: readonly bigint[], text: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(56));
  for (const [index, word] of words.entries()) head.setUint32(index * 4, word, true);
  for (const [index, number] of numbers.entries()) head.setBigUint64(24 + index * 8, BigInt.asUintN(64, number), true);
  return Buffer.concat([Buffer.from(head.buffer), text]);
}

describe('a request', () => {
  test('is a head and two strings', () => {
    const packet = encodeRequest({
      operation: 'put',
      kind: 'symlink',
      name: 'ä',
      target: '../x',
      mode: 0o755,
      owner: { uid: 5, gid: 6 },
      modified: { seconds: -2, nanoseconds: 7 },
    })!;
    const view = new DataView(packet.buffer);
    expect([0, 4, 8, 12, 16, 20].map((at) => view.getUint32(at, true))).toEqual([4, 3, 0o755, 5, 6, 7]);
    expect(view.getBigInt64(24, true)).toBe(-2n);
    expect(Buffer.from(packet.subarray(32)).toString()).toBe('ä\0../x\0');
  });

  test('leaves the owner to whoever serves', () => {
    const view = new DataView(encodeRequest({ operation: 'list' })!.buffer);
    expect([view.getUint32(12, true), view.getUint32(16, true)]).toEqual([0xffff_ffff, 0xffff_ffff]);
  });

  test('is not sent when no path is that long', () => {
    expect(encodeRequest({ operation: 'open', name: 'x'.repeat(4095) })).toBeDefined();
    expect(encodeRequest({ operation: 'open', name: 'x'.repeat(9000) })).toBeUndefined();
  });
});

describe('a reply', () => {
  test('says what an entry is', () => {
    const packet = reply([0, 0o120777, 1, 2, 3, 4], [-5n, 6n, 7n, 8n], Buffer.from('name\0target\0'));
    expect(decodeReply(packet)).toEqual({
      errno: 0,
      entry: {
        name: 'name',
        kind: 'symlink',
        mode: 0o777,
        uid: 1,
        gid: 2,
        links: 3,
        modified: { seconds: -5, nanoseconds: 4 },
        size: 6,
        identity: '7:8',
        target: 'target',
      },
    });
  });

  test('says what went wrong', () => {
    expect(decodeReply(reply([13], [], Buffer.from('\0\0')))).toEqual({ errno: 13 });
  });

  test.each([
    ['a name', Buffer.from([0xff, 0, 0])],
    ['a target', Buffer.from([0x61, 0, 0xff, 0])],
  ])('says that %s is no UTF-8', (_, text) => {
    expect(decodeReply(reply([0, 0o120777], [], text))).toMatchObject({ entry: { garbled: true } });
  });

  test('keeps what is UTF-8 as it is, a byte order mark too', () => {
    expect(decodeReply(reply([0, 0o100644], [], Buffer.from('\ufeffx\0\0')))).toMatchObject({
      entry: { name: '\ufeffx' },
    });
  });
});

test.each([
  [0o100644, 'file'],
  [0o040755, 'directory'],
  [0o120777, 'symlink'],
  [0o010644, 'fifo'],
  [0o140755, 'socket'],
  [0o020666, 'device'],
  [0o060660, 'device'],
])('the mode %o is that of a %s', (mode, kind) => {
  expect(kindOf(mode)).toBe(kind);
});

test('native/init/files_protocol.h has the same numbers', () => {
  const text = readFileSync(new URL('../../../../native/init/files_protocol.h', import.meta.url), 'utf8');
  const enumerators = text.matchAll(/\bk(\w+) = (\d+)\b/g);
  const numbers = Object.fromEntries([...enumerators].map(([, name = '', number]) => [name, Number(number)] as const));
  const operations = ['open', 'status', 'list', 'put', 'finish', 'link'] as const;
  const kinds = ['file', 'directory', 'symlink', 'fifo'] as const;
  const first = (packet: Uint8Array | undefined, at: number): number =>
    new DataView(packet!.buffer).getUint32(at, true);
  const name = (word: string): string => `${word[0]!.toUpperCase()}${word.slice(1)}`;
  for (const operation of operations) expect(first(encodeRequest({ operation }), 0)).toBe(numbers[name(operation)]);
  for (const kind of kinds) expect(first(encodeRequest({ operation: 'put', kind }), 4)).toBe(numbers[name(kind)]);
  expect(Object.keys(numbers)).toHaveLength(operations.length + kinds.length);
});
