import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../../src/errors/api-error.js';
import { Client } from '../../../../src/supervisor/client/client.js';
import { SocketAddress } from '../../../../src/supervisor/client/socket-address.js';
import { Transport } from '../../../../src/supervisor/client/transport.js';
import { type ServedFake, serveFake } from '../../../helpers/api-server.js';

let directory: string;
let socketPath: string;
const served: AsyncDisposable[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'corral-test-client-'));
  socketPath = join(directory, 'api/corral.sock');
});

afterEach(async () => {
  for (const one of served.splice(0)) await one[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** A supervisor in good health. */
async function serve(): Promise<ServedFake> {
  const fake = await serveFake({ socketPath });
  served.push(fake);
  return fake;
}

/** One that dies of every question, after it has read it. */
async function serveDying(): Promise<Server> {
  mkdirSync(join(directory, 'api'), { recursive: true, mode: 0o711 });
  rmSync(socketPath, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.destroy());
    server.close();
    rmSync(socketPath, { force: true });
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
}

/** A client that brings the next supervisor up itself. */
function clientOf(start: () => Promise<unknown>): Client & Disposable {
  const begin = async (): Promise<void> => {
    await start();
  };
  return new Client(new Transport(new SocketAddress(socketPath), begin));
}

describe('a supervisor that goes away', () => {
  it('is followed by the next one, for whoever only asks something', async () => {
    await serveDying();
    using client = clientOf(serve);
    expect(await client.list()).toEqual([]);
  });

  it('is followed by the next one also where the connection had been kept', async () => {
    const first = await serve();
    let starts = 0;
    using client = clientOf(async () => {
      starts += 1;
      await serve();
    });
    expect(await client.list()).toEqual([]);
    await first.server.close();
    expect(await client.list()).toEqual([]);
    expect(starts).toBe(1);
  });

  it('has perhaps done what it was asked to do: that is not asked twice', async () => {
    await serveDying();
    using client = clientOf(serve);
    await expect(client.start('web')).rejects.toThrow('start: the supervisor has gone away before it had answered');
  });

  it('is an error where all of them do', async () => {
    await serveDying();
    let starts = 0;
    using client = clientOf(async () => {
      starts += 1;
      await serveDying();
    });
    await expect(client.list()).rejects.toBeInstanceOf(ConnectionError);
    expect(starts).toBe(4);
    rmSync(socketPath, { force: true });
  });

  it('tells those who wait, and they wait at the next one', async () => {
    const first = await serve();
    using client = clientOf(async () => {
      const next = await serve();
      next.fake.wait = () =>
        Promise.resolve({ run: 7, startedAt: '', endedAt: '', exitCode: 4, signal: null, oomKilled: false });
    });
    const options = { command: ['x'], container: { name: 'web' } };
    await client.create({ ...options, supervision: { restart: { name: 'no' }, log: { driver: 'raw' } } });
    const waiting = client.wait('web');
    await expect.poll(() => first.fake.calls.at(-1)).toEqual(['wait', 'web']);
    await first.server.close();
    expect(await waiting).toMatchObject({ run: 7, exitCode: 4 });
    expect(first.fake.calls.at(-1)).toEqual(['wait aborted', 'web']);
  });
});
