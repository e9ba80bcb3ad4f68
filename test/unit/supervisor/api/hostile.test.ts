import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { serveFake } from '../../../helpers/api-server.js';
import { LAST, askRaw, dial, errorOf, exchange, parseAnswer, untilClosed } from '../../../helpers/raw-http.js';
import { FakeSupervisor } from '../../../helpers/fake-supervisor.js';

const confinedTo = (face: FakeSupervisor, key = 'container web') => ({
  authorize: () => ({ key, confined: { face } }),
});

describe('what a container can take of the supervisor', () => {
  it('is so many connections, and of all of them together not all', async () => {
    let next = 0;
    const authorize = (): { key: string; confined?: object } =>
      next++ < 6 ? { key: `container c${String(next % 3)}`, confined: {} } : { key: 'user 0' };
    await using it = await serveFake({ authorize, limits: { confined: 2, confinedAll: 5 } });
    const sockets = [];
    for (let i = 0; i < 5; i++) sockets.push(await dial(it.socket));
    await expect.poll(() => next).toBe(5);
    expect(errorOf(parseAnswer(await exchange(it.socket, ''))).message).toBe(
      'connect: the lot of all containers has 5 connections already',
    );
    // Whoever is in none is served.
    expect((await askRaw(it.socket, 'GET /v1/ping')).status).toBe(204);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => it.server.connections).toBe(0);
  });

  it('is no long body', async () => {
    const face = new FakeSupervisor();
    const body = JSON.stringify({ command: ['x'], labels: { long: 'x'.repeat(300_000) } });
    await using inside = await serveFake(confinedTo(face));
    expect(await askRaw(inside.socket, 'POST /v1/containers', body)).toMatchObject({ status: 413 });
    expect(await askRaw(inside.socket, 'POST /v1/containers/x/exec', body)).toMatchObject({ status: 413 });
    expect(face.calls).toEqual([]);
    await using outside = await serveFake();
    expect(await askRaw(outside.socket, 'POST /v1/containers', body)).toMatchObject({ status: 201 });
  });

  it('is no answer that it does not read, but the first', async () => {
    await using it = await serveFake();
    let asked = 0;
    const labels = { long: 'x'.repeat(2_000_000) };
    it.fake.list = () => {
      asked++;
      return Promise.resolve([{ id: 'x', labels }] as never);
    };
    const socket = await dial(it.socket);
    socket.pause();
    socket.write('GET /v1/containers HTTP/1.1\r\n\r\n'.repeat(20));
    await delay(300);
    expect(asked).toBe(1);
    const text = untilClosed(socket.resume());
    socket.write(`GET /v1/nothing HTTP/1.1\r\n${LAST}`);
    expect((await text).split('HTTP/1.1 200').length - 1).toBe(20);
  });

  it('is nothing of what went wrong in it', async () => {
    const face = new FakeSupervisor();
    const fail = (): Promise<never> => Promise.reject(new Error("ENOENT: open '/var/lib/corral/secret'"));
    face.list = fail;
    const warnings: string[] = [];
    const listen = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', listen);
    await using inside = await serveFake(confinedTo(face));
    const hidden = await askRaw(inside.socket, 'GET /v1/containers');
    expect(hidden.status).toBe(500);
    expect(hidden.body).not.toContain('secret');
    expect(errorOf(hidden)).toMatchObject({ code: 'ERR_INTERNAL', message: 'internal error' });
    await expect.poll(() => warnings.join('')).toContain('/var/lib/corral/secret');
    process.off('warning', listen);
    await using outside = await serveFake();
    outside.fake.list = fail;
    expect(errorOf(await askRaw(outside.socket, 'GET /v1/containers')).message).toContain('secret');
  });
});

describe('words that mean something to JavaScript', () => {
  it('mean nothing here', async () => {
    await using it = await serveFake();
    const post = async (body: string): Promise<number> => (await askRaw(it.socket, 'POST /v1/containers', body)).status;
    for (const name of ['__proto__', 'constructor', 'toString', 'prototype']) {
      expect(await post(`{"command":["x"],"${name}":{"start":false}}`)).toBe(400);
      expect(await post(`{"command":["x"],"log":{"${name}":{"driver":"none"}}}`)).toBe(400);
      expect((await askRaw(it.socket, `GET /v1/${name}`)).status).toBe(404);
      expect((await askRaw(it.socket, `DELETE /v1/containers/x?force=${name}`)).status).toBe(400);
      expect((await askRaw(it.socket, `GET /v1/containers/x/logs?${name}=1`)).status).toBe(400);
      expect((await askRaw(it.socket, 'POST /v1/cgroups/values', `{"path":"a","values":{"${name}":"1"}}`)).status).toBe(
        403,
      );
    }
    expect(it.fake.calls).toEqual([]);
    expect(
      await post('{"command":["x"],"labels":{"__proto__":"polluted"},"env":{"__proto__":"polluted"}}'),
    ).toBeLessThan(500);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('are refused as quickly as others', async () => {
    await using it = await serveFake();
    const startedAt = Date.now();
    const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
    for (const body of [
      `{"command":${deep}}`,
      `{"labels":${deep}}`,
      deep,
      `{"${'x'.repeat(3_000_000)}":1}`,
      `{"command":["x"],"cwd":5,"name":"${'x'.repeat(3_000_000)}"}`,
      `{"command":["x"],"restart":"on-failure:${'1'.repeat(3_000_000)}"}`,
      `{"command":["x"],"timeout":1e999}`,
      `{"command":["x"],"health":{"command":"x","interval":-1}}`,
      `{"command":["x"],"log":{"maxSize":1}}`,
      `{"command":["x"],"log":{"maxSize":"1M","maxFiles":1e9}}`,
    ]) {
      const answer = await askRaw(it.socket, 'POST /v1/containers', body);
      expect([answer.status, errorOf(answer).code]).toEqual([400, 'ERR_OPTION']);
      expect(answer.body.length).toBeLessThan(10_000);
    }
    expect(Date.now() - startedAt).toBeLessThan(5000);
    expect(it.fake.calls).toEqual([]);
  });
});

describe('bytes that are nearly a request', () => {
  const GOOD = [
    'GET /v1/containers?x=%41&y HTTP/1.1\r\nHost: x\r\n\r\n',
    'POST /v1/containers HTTP/1.1\r\nContent-Length: 17\r\n\r\n{"command":["x"]}',
    'POST /v1/containers/web/exec?command=true HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    'DELETE /v1/containers/%2e%2e%2fx HTTP/1.1\r\nExpect: 100-continue\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\n\r\n',
    'CONNECT host:1 HTTP/1.1\r\n\r\n',
    'GET http://host/v1/ping HTTP/1.0\r\n\r\n',
    'HEAD /openapi.json HTTP/1.1\r\n\r\n',
  ];

  it('are answered, or closed, and harm nobody', async () => {
    await using it = await serveFake({ limits: { headMs: 200, bodyMs: 200 } });
    // A generator of one's own: the cases are the same each time.
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    const mutate = (text: string): Buffer => {
      const bytes = Buffer.from(text);
      for (let times = 1 + random(4); times > 0; times--) bytes[random(bytes.length)] = random(256);
      return random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
    };
    for (let round = 0; round < 20; round++) {
      const cases = Array.from({ length: 20 }, () => mutate(GOOD[random(GOOD.length)] ?? ''));
      await Promise.all(
        cases.map(async (bytes) => {
          const socket = await dial(it.socket);
          const answer = untilClosed(socket);
          socket.end(bytes);
          const text = await answer;
          if (text !== '') expect(text).toMatch(/^HTTP\/1\.1 [1-5]\d\d /);
          expect(text).not.toContain('"ERR_INTERNAL"');
        }),
      );
    }
    expect((await askRaw(it.socket, 'GET /v1/ping')).status).toBe(204);
    await expect.poll(() => it.server.connections).toBe(0);
    expect(it.server.requests).toBe(0);
  });
});
