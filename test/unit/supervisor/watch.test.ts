import { describe, expect, it } from 'vitest';
import { EventQueue } from '../../../src/container/events/queue.js';
import type { ContainerEvent } from '../../../src/container/events/types.js';
import type { SupervisedEvent } from '../../../src/supervisor/events.js';
import { EventHub, MOST_WAITING } from '../../../src/supervisor/watch.js';

const event = (id: string): SupervisedEvent => ({ type: 'removed', id, time: '', labels: {} });

/** Containers that are watched by queues, which are noted. */
function makeHub(): { hub: EventHub; lower: EventQueue<ContainerEvent>[]; ended: () => number } {
  const lower: EventQueue<ContainerEvent>[] = [];
  let ended = 0;
  const events = (): EventQueue<ContainerEvent> => {
    const queue = new EventQueue<ContainerEvent>(() => ended++);
    lower.push(queue);
    return queue;
  };
  return { hub: new EventHub({ events }), lower, ended: () => ended };
}

describe('all who watch', () => {
  it('are told by one watch of the containers, which ends with the last of them', async () => {
    const { hub, lower, ended } = makeHub();
    const [one, other] = [hub.watch({}), hub.watch({ names: ['b'] })];
    expect(lower).toHaveLength(1);
    lower[0]?.push({ type: 'killed', id: 'a', time: '', labels: {} });
    hub.tell(event('b'));
    expect(await one.next()).toMatchObject({ value: { id: 'b' } });
    expect(await one.next()).toMatchObject({ value: { id: 'a', type: 'killed' } });
    expect(await other.next()).toMatchObject({ value: { id: 'b' } });
    await one.return();
    expect(ended()).toBe(0);
    await other.return();
    expect(ended()).toBe(1);
    hub.watch({ signal: AbortSignal.abort() });
    expect([lower.length, ended()]).toEqual([2, 2]);
  });

  it('see what they may, and nothing else is kept for them', async () => {
    const { hub } = makeHub();
    const queue = hub.watch({ see: (seen) => (seen.id === 'mine' ? { ...seen, id: 'name' } : undefined) });
    for (let i = 0; i < 2 * MOST_WAITING; i++) hub.tell(event('other'));
    expect(queue.length).toBe(0);
    hub.tell(event('mine'));
    expect(await queue.next()).toMatchObject({ value: { id: 'name' } });
    await queue.return();
  });

  it('are told when they are too slow, and keep nobody else waiting', async () => {
    const { hub } = makeHub();
    const [slow, quick] = [hub.watch({}), hub.watch({})];
    for (let i = 0; i < MOST_WAITING + 5; i++) {
      hub.tell(event('a'));
      await quick.next();
    }
    expect(slow.length).toBe(MOST_WAITING);
    for (let i = 0; i < MOST_WAITING; i++) await slow.next();
    await expect(slow.next()).rejects.toMatchObject({ code: 'ERR_SLOW' });
    hub.tell(event('b'));
    expect(await quick.next()).toMatchObject({ value: { id: 'b' } });
    await quick.return();
  });

  it('are told when the containers cannot be watched any more, and the next one watches them anew', async () => {
    const { hub, lower } = makeHub();
    const queue = hub.watch({});
    lower[0]?.fail(new Error('broken'));
    await expect(queue.next()).rejects.toThrow('broken');
    await hub.watch({}).return();
    expect(lower).toHaveLength(2);
    expect(() => hub.watch({ names: ['../x'] })).toThrow(/names/);
  });
});
