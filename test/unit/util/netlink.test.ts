import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type LinkAddress,
  RTM,
  encodeGetAddresses,
  encodeGetLink,
  encodeMoveLink,
  encodeNewAddress,
  encodeSetLink,
  parseReplies,
} from '../../../src/util/netlink.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const ADDRESS: LinkAddress = {
  family: 2,
  prefixLength: 24,
  flags: 0x80,
  scope: 0,
  index: 7,
  attributes: new Map([
    [1, Uint8Array.from([192, 0, 2, 7])],
    [2, Uint8Array.from([192, 0, 2, 7])],
  ]),
};

/** A message of the kernel's, as bytes. */
function message(type: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  return Buffer.concat([header, body]);
}

describe('a request', () => {
  test('for a device carries its name', () => {
    expect(hex(encodeGetLink('eth0'))).toBe(
      `2c000000120001000000000000000000${'00'.repeat(16)}0900030065746830${'00'.repeat(4)}`,
    );
  });

  test('to set a device up or down says which flag it is about', () => {
    expect(hex(encodeSetLink(7, true)).slice(32)).toBe('00000000070000000100000001000000');
    expect(hex(encodeSetLink(7, false)).slice(32)).toBe('00000000070000000000000001000000');
  });

  test('to move a device carries the namespace and the new name', () => {
    expect(hex(encodeMoveLink(7, 9, 'x')).slice(64)).toBe('08001c0009000000' + '0600030078000000');
  });

  test('for addresses is a dump', () => {
    expect(hex(encodeGetAddresses())).toBe(`1800000016000103${'00'.repeat(16)}`);
  });
});

describe('a reply', () => {
  test('with an address is what makes that address again', () => {
    const packet = Buffer.from(encodeNewAddress(ADDRESS));
    expect(parseReplies(packet)).toEqual([{ kind: 'address', ...ADDRESS, attributes: expect.anything() as unknown }]);
    const [reply] = parseReplies(packet);
    expect(hex(encodeNewAddress(reply as LinkAddress))).toBe(hex(packet));
  });

  test('has its flags in an attribute, where they are many', () => {
    const body = Buffer.from('0a400000070000000800080080020000', 'hex');
    expect(parseReplies(message(RTM.NEWADDR, body))).toMatchObject([{ kind: 'address', flags: 0x280, family: 10 }]);
    const short = Buffer.from('0a4080000700000006000800800200000400', 'hex');
    expect(parseReplies(message(RTM.NEWADDR, short))).toMatchObject([{ flags: 0x80 }]);
  });

  test('is an error, an end, a device, or nothing of interest', () => {
    const error = Buffer.alloc(20);
    error.writeInt32LE(-19, 0);
    const packet = Buffer.concat([
      message(2, error),
      message(2, Buffer.alloc(20)),
      message(RTM.NEWLINK, Buffer.from('00000000070000000000000000000000', 'hex')),
      message(99, Buffer.alloc(0)),
      message(3, Buffer.alloc(4)),
    ]);
    expect(parseReplies(packet)).toEqual([
      { kind: 'error', errno: 19 },
      { kind: 'error', errno: -0 },
      { kind: 'link', index: 7 },
      { kind: 'other' },
      { kind: 'done' },
    ]);
  });

  test('that is cut off, or makes no sense, ends the list', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(Array.isArray(parseReplies(bytes))).toBe(true);
      }),
    );
    expect(parseReplies(encodeSetLink(1, true).subarray(0, 20))).toEqual([]);
    expect(parseReplies(message(RTM.NEWLINK, Buffer.alloc(4)))).toEqual([{ kind: 'other' }]);
    expect(parseReplies(message(RTM.NEWADDR, Buffer.from('0218000007000000ffff010000000000', 'hex')))).toMatchObject([
      { attributes: new Map() },
    ]);
  });
});
