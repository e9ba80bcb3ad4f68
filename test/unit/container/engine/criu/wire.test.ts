import { describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from '../../../../../src/container/engine/criu/wire.js';

describe('a message', () => {
  test('is written as protocol buffers are', () => {
    // The examples of the encoding's own description.
    expect([...encodeMessage([[1, 150]])]).toEqual([0x08, 0x96, 0x01]);
    expect(Buffer.from(encodeMessage([[2, 'testing']])).toString('hex')).toBe('120774657374696e67');
    expect([...encodeMessage([[34, true]])]).toEqual([0x90, 0x02, 1]);
    expect([...encodeMessage([[3, encodeMessage([[1, 150]])]])]).toEqual([0x1a, 3, 0x08, 0x96, 0x01]);
  });

  test('is read back, whatever the order and number of its fields', () => {
    const bytes = encodeMessage([
      [63, 'é'],
      [1, 0x4002_0000],
      [63, ''],
    ]);
    const message = decodeMessage(bytes);
    expect(message.get(1)).toEqual([0x4002_0000]);
    expect(message.get(63)?.map((value) => Buffer.from(value as Uint8Array).toString())).toEqual(['é', '']);
  });

  test('may have a negative number, and fields of kinds that are not used', () => {
    const minusOne = Buffer.from('38ffffffffffffffffff01', 'hex');
    expect(decodeMessage(minusOne).get(7)).toEqual([-1]);
    const fixed = Buffer.from('0900000000000000000d0000000010 05'.replaceAll(' ', ''), 'hex');
    expect([...decodeMessage(fixed)]).toEqual([[2, [5]]]);
  });

  test.each(['08', '0896', '1207746573', '0b', '08ffffffffffffffffffff01'])('%s is none', (hex) => {
    expect(() => decodeMessage(Buffer.from(hex, 'hex'))).toThrow('read what criu says: it is no message');
  });
});
