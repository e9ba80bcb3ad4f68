import { describe, expect, it } from 'vitest';
import { Waiters } from '../../../../src/supervisor/life/waiters.js';

describe('those who wait', () => {
  it('go on once it is so, and not before', async () => {
    const waiters = new Waiters();
    let isSo = false;
    let isOver = false;
    const waiting = waiters.until(() => isSo).then(() => (isOver = true));
    waiters.look();
    await Promise.resolve();
    expect(isOver).toBe(false);
    isSo = true;
    waiters.look();
    await waiting;
    await waiters.until(() => true);
  });

  it('go when they are told to, with the reason', async () => {
    const waiters = new Waiters();
    await expect(waiters.until(() => false, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    const control = new AbortController();
    const waiting = waiters.until(() => false, control.signal);
    control.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    let looks = 0;
    const other = waiters.until(() => (looks += 1) > 1, new AbortController().signal);
    waiters.look();
    await other;
    expect(looks).toBe(2);
  });
});
