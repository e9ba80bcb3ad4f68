import { describe, expect, it, vi } from 'vitest';
import { EventQueue } from '../../../../src/container/events/queue.js';

describe('EventQueue', () => {
  it('gives what was pushed before it was asked, and after', async () => {
    const queue = new EventQueue<number>(() => undefined);
    queue.push(1);
    expect(await queue.next()).toEqual({ done: false, value: 1 });
    const [second, third] = [queue.next(), queue.next()];
    queue.push(2);
    queue.push(3);
    expect([await second, await third]).toEqual([
      { done: false, value: 2 },
      { done: false, value: 3 },
    ]);
  });

  it('gives the rest when it has ended, and then no more', async () => {
    const onEnd = vi.fn();
    const queue = new EventQueue<number>(onEnd);
    queue.push(1);
    queue.end();
    queue.push(2);
    queue.end();
    const all: number[] = [];
    for await (const value of queue) all.push(value);
    expect(all).toEqual([1]);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });

  it('ends for those who wait, with or without an error', async () => {
    const queue = new EventQueue<number>(() => undefined);
    const waiting = queue.next();
    queue.end();
    expect(await waiting).toEqual({ done: true, value: undefined });
    const broken = new EventQueue<number>(() => undefined);
    const failing = expect(broken.next()).rejects.toThrow('gone');
    broken.fail(new Error('gone'));
    await failing;
  });

  it('tells of an error once, after what came before it', async () => {
    const queue = new EventQueue<number>(() => undefined);
    queue.push(1);
    queue.fail(new Error('gone'));
    expect(await queue.next()).toEqual({ done: false, value: 1 });
    await expect(queue.next()).rejects.toThrow('gone');
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('drops the rest when nobody reads on', async () => {
    const onEnd = vi.fn();
    const queue = new EventQueue<number>(onEnd);
    queue.push(1);
    queue.push(2);
    for await (const value of queue) if (value === 1) break;
    expect(onEnd).toHaveBeenCalledTimes(1);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    await queue[Symbol.asyncDispose]();
  });
});
