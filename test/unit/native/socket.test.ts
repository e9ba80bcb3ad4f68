import { closeSync, fstatSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { untilReady } from '../../../src/native/fd-watch.js';

describe('messages', () => {
  test('carry bytes and descriptors', async () => {
    const [left, right] = addon.socketpair();
    const file = openSync('/dev/null', 'r');
    expect(addon.receiveMessage({ fd: right, maxBytes: 100 })).toBeNull();
    addon.sendMessage({ fd: left, data: new Uint8Array([1, 2, 3]), fds: [file, file] });
    await untilReady(right, 'readable');
    const message = addon.receiveMessage({ fd: right, maxBytes: 100 });
    expect(message?.data).toEqual(new Uint8Array([1, 2, 3]));
    expect(message?.fds).toHaveLength(2);
    for (const fd of message?.fds ?? []) {
      expect(fstatSync(fd).rdev).toBe(fstatSync(file).rdev);
      closeSync(fd);
    }
    closeSync(file);
    closeSync(left);
    expect(addon.receiveMessage({ fd: right, maxBytes: 100 })).toEqual({ data: new Uint8Array(0), fds: [] });
    closeSync(right);
  });

  test('to a peer that is gone are EPIPE, and no signal', () => {
    const [left, right] = addon.socketpair();
    closeSync(right);
    const send = (): void => addon.sendMessage({ fd: left, data: new Uint8Array(1), fds: [] });
    expect(send).toThrow(expect.objectContaining({ errno: 32, syscall: 'sendmsg' }));
    closeSync(left);
  });
});

describe('locks', () => {
  test('are refused while another holds them', () => {
    const open = (): number => openSync('/tmp', 'r');
    const [one, two] = [open(), open()];
    expect(addon.flock({ fd: one, operation: 'exclusive' })).toBe(true);
    expect(addon.flock({ fd: two, operation: 'shared' })).toBe(false);
    expect(addon.flock({ fd: one, operation: 'unlock' })).toBe(true);
    expect(addon.flock({ fd: two, operation: 'shared' })).toBe(true);
    closeSync(one);
    closeSync(two);
  });
});
