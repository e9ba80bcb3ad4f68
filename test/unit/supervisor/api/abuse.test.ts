import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { serveFake } from '../../../helpers/api-server.js';
import { LAST, askRaw, dial, errorOf, exchange, parseAnswer, untilClosed } from '../../../helpers/raw-http.js';

describe('requests that are too much', () => {
  it.each([
    ['rubbish', '\x16\x03\x01\x02\r\n\r\n', 400],
    ['two lengths', 'POST /v1/containers HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}', 400],
    [
      'a length and chunks',
      'POST /v1/containers HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a long head', `GET /v1/ping HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a long target', `GET /v1/containers?name=${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 431],
  ])('%s', async (_name, bytes, status) => {
    await using it = await serveFake();
    const answer = parseAnswer(await exchange(it.socket, bytes));
    expect(answer.status).toBe(status);
    expect(errorOf(answer).code).toMatch(/^ERR_(REQUEST|HEAD_TOO_LARGE)$/);
  });

  it('a long body, announced or not', async () => {
    await using it = await serveFake();
    const announced = 'POST /v1/containers HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n{';
    expect(parseAnswer(await exchange(it.socket, announced))).toMatchObject({ status: 413 });
    const socket = await dial(it.socket);
    const answer = untilClosed(socket);
    socket.write('POST /v1/containers HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n');
    const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const endless = function* (): Generator<string, void> {
      while (!socket.destroyed) yield piece;
    };
    Readable.from(endless()).pipe(socket);
    expect(parseAnswer(await answer)).toMatchObject({ status: 413 });
    expect(errorOf(parseAnswer(await answer))).toMatchObject({
      code: 'ERR_TOO_LARGE',
      message: expect.stringContaining('4096 KiB') as string,
    });
  });

  it('a head or a body that does not come', async () => {
    await using it = await serveFake({ limits: { headMs: 200, bodyMs: 200 } });
    const [head, body, line] = await Promise.all([
      exchange(it.socket, 'GET /v1/ping HTTP/1.1\r\nX: '),
      exchange(it.socket, 'POST /v1/containers HTTP/1.1\r\nContent-Length: 10\r\n\r\n{'),
      exchange(it.socket, 'POST /v1/containers/web/exec HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n'),
    ]);
    for (const answer of [head, body, line]) {
      expect(parseAnswer(answer).status).toBe(408);
      expect(errorOf(parseAnswer(answer)).code).toBe('ERR_SLOW');
    }
  });

  it('a body without end where none is wanted', async () => {
    await using it = await serveFake();
    const socket = await dial(it.socket);
    const answer = untilClosed(socket);
    socket.write('GET /v1/ping HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n');
    expect(parseAnswer(await answer)).toMatchObject({ status: 204 });
  });

  it('pipelined ones are answered in their order, one after another', async () => {
    await using it = await serveFake();
    const get = (path: string, last = '\r\n'): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${last}`;
    const body = '{"command":["x"],"name":"web"}';
    const create = `POST /v1/containers HTTP/1.1\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`;
    const text = await exchange(
      it.socket,
      `${get('/v1/containers')}${create}${get('/v1/containers/web')}${get('/v1/nothing', LAST)}`,
    );
    const statuses = [...text.matchAll(/^HTTP\/1.1 (\d+)/gm)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '201', '200', '404']);
  });

  it('and when there are too many of them, the connection is closed', async () => {
    await using it = await serveFake({ limits: { pipelined: 5 } });
    it.fake.list = async () => delay(100, []);
    const text = await exchange(it.socket, 'GET /v1/containers HTTP/1.1\r\n\r\n'.repeat(50));
    expect(text.split('HTTP/1.1 200').length - 1).toBeLessThan(10);
    expect((await askRaw(it.socket, 'GET /v1/ping')).status).toBe(204);
  });

  it('too many connections', async () => {
    await using it = await serveFake({ limits: { free: 3 } });
    const open = await Promise.all([dial(it.socket), dial(it.socket), dial(it.socket)]);
    await expect.poll(() => it.server.connections).toBe(3);
    const refused = parseAnswer(await exchange(it.socket, ''));
    expect(refused.status).toBe(503);
    expect(errorOf(refused)).toMatchObject({ code: 'ERR_BUSY', message: 'connect: user 0 has 3 connections already' });
    open[0].destroy();
    await expect.poll(async () => (await askRaw(it.socket, 'GET /v1/ping')).status).toBe(204);
    for (const socket of open) socket.destroy();
  });

  it('too many connections in all', async () => {
    await using it = await serveFake({ limits: { all: 2 } });
    const open = await Promise.all([dial(it.socket), dial(it.socket)]);
    await expect.poll(() => it.server.connections).toBe(2);
    expect(errorOf(parseAnswer(await exchange(it.socket, ''))).message).toBe(
      'connect: there are 2 connections already',
    );
    for (const socket of open) socket.destroy();
  });

  it('a thousand connections at once do not hurt', async () => {
    await using it = await serveFake();
    const sockets = await Promise.all(Array.from({ length: 1000 }, () => dial(it.socket)));
    await expect.poll(() => it.server.connections).toBe(1000);
    const startedAt = Date.now();
    expect((await askRaw(it.socket, 'GET /v1/containers')).status).toBe(200);
    expect(Date.now() - startedAt).toBeLessThan(1000);
    const answers = await Promise.all(
      sockets.map(async (socket) => {
        socket.write(`GET /v1/ping HTTP/1.1\r\nHost: x\r\n${LAST}`);
        return parseAnswer(await untilClosed(socket)).status;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([204]));
    await expect.poll(() => it.server.connections).toBe(0);
  });
});
