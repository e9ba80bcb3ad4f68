import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../../src/errors/api-error.js';
import { LaunchError } from '../../../../src/errors/launch-error.js';
import { OptionError } from '../../../../src/errors/option-error.js';
import { AlreadyExistsError, NotFoundError, StateError } from '../../../../src/errors/state-errors.js';
import { Client } from '../../../../src/supervisor/client/client.js';
import { connect } from '../../../../src/supervisor/connect.js';
import type { SupervisedEvent } from '../../../../src/supervisor/events.js';
import type { SupervisedOptions } from '../../../../src/supervisor/types.js';
import { type ServedFake, serveFake } from '../../../helpers/api-server.js';

const WEB: SupervisedOptions = {
  command: ['sleep', '100'],
  container: { name: 'web', memory: '64M', labels: { job: '7' } },
  supervision: {
    restart: { name: 'on-failure', maxRetries: 3 },
    log: { driver: 'json', maxSize: 1024 * 1024, maxFiles: 5 },
  },
  callerDirectory: '/home',
};

interface Connected extends ServedFake {
  readonly client: Client;
}

async function connected(): Promise<Connected> {
  const served = await serveFake();
  const client = await connect({ socket: served.socket });
  return {
    ...served,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await served[Symbol.asyncDispose]();
    },
  };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('Client', () => {
  it('makes a container of the same options', async () => {
    await using it = await connected();
    const made = await it.client.create(WEB);
    expect(made).toMatchObject({ id: 'web', status: 'running', notes: ['a note'], labels: { job: '7' } });
    expect(it.fake.calls).toEqual([['create', WEB, { start: true, lease: false }]]);
  });

  it('gives a variable without a value its own', async () => {
    await using it = await connected();
    process.env['CORRAL_TEST_OWN'] = 'mine';
    try {
      const env = { CORRAL_TEST_OWN: undefined, CORRAL_TEST_NONE: undefined, A: 'b' };
      await it.client.create({ ...WEB, container: { env } });
    } finally {
      delete process.env['CORRAL_TEST_OWN'];
    }
    expect(it.fake.calls[0]?.[1]).toMatchObject({ container: { env: { CORRAL_TEST_OWN: 'mine', A: 'b' } } });
  });

  it('asks for everything, and gets what the supervisor says', async () => {
    await using it = await connected();
    const { client, fake } = it;
    await client.create(WEB, { start: false });
    expect(await client.start('web')).toBe(true);
    expect(await client.start('web')).toBe(false);
    expect((await client.list()).map(({ id }) => id)).toEqual(['web']);
    expect(await client.get('web')).toEqual(await fake.get('web'));
    expect(await client.inspect('web')).toEqual(await fake.inspect('web'));
    expect(await client.processes('web')).toEqual(await fake.processes('web'));
    expect(await client.pause('web')).toBe(true);
    expect(await client.resume('web')).toBe(true);
    expect(await client.update('web', { memory: '1G' })).toEqual({ memoryMaxBytes: 1024 });
    await client.signal('web', 'HUP', { all: true });
    expect(await client.restart('web', { gracePeriod: 5 })).toMatchObject({ id: 'web' });
    expect(await client.stop('web', { stopSignal: 'INT' })).toMatchObject({ exitCode: 143, killed: false });
    expect(await client.wait('web')).toMatchObject({ run: 1, exitCode: 143 });
    await client.remove('web');
    expect(await client.list()).toEqual([]);
    expect(await client.info()).toMatchObject({ version: '1.2.3', containers: 0 });
    expect(fake.calls.slice(1)).toEqual([
      ['update', 'web', { memory: '1G' }],
      ['signal', 'web', 'HUP', { all: true }],
      ['restart', 'web', { gracePeriod: 5 }],
      ['stop', 'web', { stopSignal: 'INT' }],
      ['wait', 'web'],
    ]);
  });

  it('throws what the supervisor throws', async () => {
    await using it = await connected();
    const { client } = it;
    await expect(client.get('nobody')).rejects.toThrow(new NotFoundError('nobody'));
    await expect(client.get('nobody')).rejects.toBeInstanceOf(NotFoundError);
    await client.create(WEB);
    const again = client.create(WEB);
    await expect(again).rejects.toBeInstanceOf(AlreadyExistsError);
    await expect(again).rejects.toMatchObject({ code: 'ERR_ALREADY_EXISTS', id: 'web', hint: 'choose another name' });
    const remove = client.remove('web');
    await expect(remove).rejects.toBeInstanceOf(StateError);
    await expect(remove).rejects.toMatchObject({ status: 'running', action: 'remove', name: 'StateError' });
    const update = client.update('web', { memory: true } as never);
    await expect(update).rejects.toBeInstanceOf(OptionError);
    await expect(update).rejects.toMatchObject({ option: 'memory' });
    it.fake.get = () => {
      throw new LaunchError({ action: 'find x', errno: 2, stepIndex: 3, op: 'find-executable' });
    };
    await expect(client.get('web')).rejects.toMatchObject({ code: 'ENOENT', op: 'find-executable', stepIndex: 3 });
    await expect(client.get('web')).rejects.toBeInstanceOf(LaunchError);
  });

  it('ends a wait with its signal, and the supervisor learns of it', async () => {
    await using it = await connected();
    await it.client.create(WEB);
    const over = new AbortController();
    const waiting = it.client.wait('web', { signal: over.signal });
    await expect.poll(() => it.fake.calls.at(-1)).toEqual(['wait', 'web']);
    over.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect.poll(() => it.fake.calls.at(-1)).toEqual(['wait aborted', 'web']);
  });

  it('reads logs, bytes that are no UTF-8 included', async () => {
    await using it = await connected();
    await it.client.create(WEB);
    const lines = [
      { data: Buffer.from('one'), stream: 'stdout' as const, time: '2026-01-02T03:04:05.678901234Z' },
      { data: Buffer.from([0xff, 0x00, 0xc3]), stream: 'stderr' as const, time: '2026-01-02T03:04:06Z', partial: true },
    ];
    it.fake.containers.get('web')?.log.push(...lines);
    const since = Date.parse('2026-01-01T00:00:00.500Z');
    const found = await collect(it.client.logs('web', { tail: 2, since }));
    expect(found).toEqual(lines);
    expect(it.fake.calls.at(-1)).toEqual(['logs', 'web', { tail: 2, since }]);
    await expect(collect(it.client.logs('nobody'))).rejects.toBeInstanceOf(NotFoundError);
  });

  it('ends a log that it follows with its signal', async () => {
    await using it = await connected();
    await it.client.create(WEB);
    it.fake.containers.get('web')?.log.push({ data: Buffer.from('one') });
    const over = new AbortController();
    const found: string[] = [];
    for await (const { data } of it.client.logs('web', { follow: true, signal: over.signal })) {
      found.push(Buffer.from(data).toString());
      over.abort();
    }
    expect(found).toEqual(['one']);
    await expect.poll(() => it.fake.calls.at(-1)).toEqual(['logs aborted', 'web']);
  });

  it('watches events from the call on', async () => {
    await using it = await connected();
    const over = new AbortController();
    const events = it.client.events({ names: ['web'], signal: over.signal });
    await expect.poll(() => it.fake.calls.at(-1)).toEqual(['events', ['web']]);
    const told: SupervisedEvent = { type: 'removed', id: 'web', time: '2026-01-02T03:04:05Z', labels: {} };
    it.fake.tell({ ...told, id: 'other' });
    it.fake.tell(told);
    expect(await events.next()).toEqual({ done: false, value: told });
    over.abort();
    expect(await events.next()).toMatchObject({ done: true });
    await expect.poll(() => it.fake.calls.at(-1)).toEqual(['events ended']);
  });

  it('holds a lease until its signal', async () => {
    await using it = await connected();
    const lease = new AbortController();
    const made = await it.client.create(WEB, { lease: lease.signal });
    expect(made).toMatchObject({ id: 'web', notes: ['a note'] });
    await delay(50);
    expect(await it.client.get('web')).toMatchObject({ status: 'running' });
    lease.abort();
    await expect.poll(() => it.client.get('web')).toMatchObject({ status: 'exited', lastEnd: { signal: 'SIGKILL' } });
  });

  it('fails to make a leased container like any other', async () => {
    await using it = await connected();
    await it.client.create(WEB);
    const lease = new AbortController();
    await expect(it.client.create(WEB, { lease: lease.signal })).rejects.toBeInstanceOf(AlreadyExistsError);
  });
});

describe('connect', () => {
  it('says where nobody listens', async () => {
    const connecting = connect({ socket: '/nowhere/corral.sock' });
    await expect(connecting).rejects.toBeInstanceOf(ConnectionError);
    await expect(connecting).rejects.toThrow('connect to the supervisor at /nowhere/corral.sock: ENOENT');
  });
});
