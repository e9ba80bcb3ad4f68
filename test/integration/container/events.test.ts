import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import type { ContainerEvent } from '../../../src/container/events/types.js';
import type { ContainerEvents, EventOptions } from '../../../src/container/events/watch.js';
import { makeLab, until, untilSays } from '../../helpers/lab.js';
import { killHard, startOwner } from '../../helpers/owner.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

interface Seen {
  readonly events: readonly ContainerEvent[];
  /** The types of those of a container, in order. */
  readonly of: (id: string) => readonly string[];
  readonly untilTypes: (id: string, types: readonly string[]) => Promise<void>;
  readonly end: () => Promise<void>;
}

const open: Seen[] = [];
afterEach(async () => {
  for (const seen of open.splice(0)) await seen.end();
});

function watch(options: EventOptions = {}): Seen {
  const over = new AbortController();
  const events: ContainerEvent[] = [];
  const iteration: ContainerEvents = lab.containers.events({ signal: over.signal, ...options });
  const read = (async () => {
    for await (const event of iteration) events.push(event);
  })();
  const of = (id: string): readonly string[] => events.flatMap((event) => (event.id === id ? [event.type] : []));
  const seen: Seen = {
    events,
    of,
    untilTypes: async (id, types) => {
      await until(() => of(id).length >= types.length, `events of ${id}: ${types.join(', ')}`).catch(() => undefined);
      expect(of(id)).toEqual(types);
    },
    end: async () => {
      over.abort();
      await read;
    },
  };
  open.push(seen);
  return seen;
}

describe('events', () => {
  it('tell the life of a container, of whoever it is', async () => {
    const seen = watch();
    const command = ['sh', '-c', 'read go; exit 3'];
    const container = await lab.spawn(command, { name: 'web', labels: { job: '7' }, stdin: 'pipe' });
    await seen.untilTypes('web', ['created', 'started']);
    container.stdin?.end('go\n');
    await container.exited;
    await seen.untilTypes('web', ['created', 'started', 'populated', 'exited']);
    expect(seen.events).toMatchObject([
      { type: 'created', id: 'web', command, labels: { job: '7' } },
      { type: 'started', pid: container.pid },
      { type: 'populated', populated: 0 },
      { type: 'exited', exitCode: 3, signal: null, oomKilled: false, labels: { job: '7' } },
    ]);
    for (const { time } of seen.events) expect(time).toBe(new Date(time).toISOString());
  });

  it('begin with the call, whenever they are read, and end with the signal', async () => {
    const over = new AbortController();
    const events = lab.containers.events({ signal: over.signal });
    await lab.run(['true'], { name: 'early' });
    await delay(50);
    over.abort();
    const types: string[] = [];
    for await (const { type } of events) types.push(type);
    expect(types.slice(0, 2)).toEqual(['created', 'started']);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('of containers that were there before begin with what is new', async () => {
    const container = await lab.spawn(['sleep', '1000'], { name: 'old' });
    const seen = watch();
    await container.kill();
    await seen.untilTypes('old', ['killed', 'populated', 'exited']);
    expect(seen.events.at(-1)).toMatchObject({ signal: 'SIGKILL', exitCode: null });
  });

  it('are only those of the named ones, which need not be there yet', async () => {
    const seen = watch({ names: ['b'] });
    await lab.run(['true'], { name: 'a' });
    await lab.run(['true'], { name: 'b' });
    await seen.untilTypes('b', ['created', 'started', 'populated', 'exited']);
    expect(seen.of('a')).toEqual([]);
    expect(() => lab.containers.events({ names: ['../b'] })).toThrow(/names: .* is not a container name/);
  });

  it('tell of pause and resume', async () => {
    const container = await lab.spawn(['sleep', '1000'], { name: 'web' });
    const seen = watch();
    await lab.containers.pause('web');
    await seen.untilTypes('web', ['frozen']);
    await container.resume();
    await seen.untilTypes('web', ['frozen', 'thawed']);
    await container.pause();
    // The kernel tells of at most one change in 10 ms.
    await seen.untilTypes('web', ['frozen', 'thawed', 'frozen']);
    await lab.containers.resume('web');
    await seen.untilTypes('web', ['frozen', 'thawed', 'frozen', 'thawed']);
  });

  it('tell of new limits, with those that are in force', async (context) => {
    requires(context, { controllers: ['pids'] });
    const container = await lab.spawn(['sleep', '1000'], { name: 'web', pids: 20 });
    const seen = watch();
    await lab.containers.update('web', { pids: 21 });
    await container.update({ pids: 22 });
    await seen.untilTypes('web', ['updated', 'updated']);
    expect(seen.events).toMatchObject([
      { limits: { pidsMax: expect.any(Number) as number } },
      { limits: { pidsMax: 22 } },
    ]);
  });

  it('tell of a kill, by whomever, and of a time that was up', async () => {
    const seen = watch();
    const web = await lab.spawn(['sleep', '1000'], { name: 'web' });
    await lab.containers.kill('web');
    await web.exited;
    await seen.untilTypes('web', ['created', 'started', 'killed', 'populated', 'exited']);
    await lab.run(['sleep', '1000'], { name: 'late', timeout: 200 });
    await seen.untilTypes('late', ['created', 'started', 'killed', 'populated', 'exited']);
    expect(seen.events.at(-1)).toMatchObject({ timedOut: true });
  });

  it('tell of processes that died for want of memory, while the container goes on', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const onV2 = readCgroupFacts().v2Base?.controllers.includes('memory') === true;
    const seen = watch();
    const script = `echo ready; read go; perl -e 'my $all = "x" x ($ARGV[0] << 20)' 200; echo over; exec sleep 1000`;
    const container = await lab.spawn(['sh', '-c', script], { name: 'hungry', memory: '32M', stdin: 'pipe' });
    await untilSays(container, 'ready');
    container.stdin?.end('go\n');
    if (onV2) await seen.untilTypes('hungry', ['created', 'started', 'oom', 'populated', 'exited']);
    else {
      await seen.untilTypes('hungry', ['created', 'started', 'oom']);
      expect(lab.containers.get('hungry').status).toBe('running');
    }
    expect(seen.events[2]).toMatchObject({ type: 'oom' });
    expect((seen.events[2] as { oomKills: number }).oomKills).toBeGreaterThanOrEqual(1);
    await container.kill();
  });

  it('miss no container, however short it lives, and of each the end', async () => {
    const seen = watch();
    const ids = Array.from({ length: 40 }, (_, index) => `short-${String(index)}`);
    for (let start = 0; start < ids.length; start += 4) {
      await Promise.all(ids.slice(start, start + 4).map((name) => lab.run(['true'], { name })));
    }
    for (const id of ids) {
      await seen.untilTypes(id, ['created', 'started', 'populated', 'exited']);
      expect(seen.events.find((event) => event.id === id && event.type === 'exited')).toMatchObject({ exitCode: 0 });
    }
  });

  it('tell apart containers that have one name after the other', async () => {
    const seen = watch();
    for (let code = 1; code <= 8; code++) await lab.run(['sh', '-c', `exit ${String(code)}`], { name: 'same' });
    const life = ['created', 'started', 'populated', 'exited'];
    await until(() => seen.of('same').length >= 8 * 4, 'all are told of').catch(() => undefined);
    expect(seen.of('same')).toEqual(Array.from({ length: 8 }, () => life).flat());
    const codes = seen.events.flatMap((event) => (event.type === 'exited' ? [event.exitCode] : []));
    expect(codes).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('tell of a start that fails', async () => {
    const seen = watch();
    await expect(lab.spawn(['/no/such/program'], { name: 'bad' })).rejects.toMatchObject({ name: 'LaunchError' });
    await seen.untilTypes('bad', ['created', 'exited']);
  });

  it('tell of the end of a container whose owner has died', async () => {
    const owner = await startOwner('hold', ['sh', '-c', 'echo ready; sleep 0.5; exit 4'], {
      ...lab.options,
      name: 'left',
      dieWithParent: false,
    });
    const seen = watch();
    await killHard(owner);
    await seen.untilTypes('left', ['populated', 'exited']);
    expect(seen.events.at(-1)).toMatchObject({ exitCode: 4 });
    await lab.containers.prune();
    await lab.run(['true'], { name: 'left' });
    await seen.untilTypes('left', ['populated', 'exited', 'created', 'started', 'populated', 'exited']);
  });

  it('end with the iteration, and leave nothing open', async () => {
    const events = lab.containers.events();
    const container = await lab.spawn(['sleep', '1000'], { name: 'web' });
    for await (const { type } of events) if (type === 'started') break;
    await container.kill();
    expect(await events.next()).toEqual({ done: true, value: undefined });
    await using closed = lab.containers.events();
    expect(closed[Symbol.asyncIterator]()).toBe(closed);
  });
});
