import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ForbiddenError } from '../../../../src/errors/api-error.js';
import type { Caller } from '../../../../src/supervisor/api/caller.js';
import { serveFake } from '../../../helpers/api-server.js';
import { FakeSupervisor } from '../../../helpers/fake-supervisor.js';
import { askRaw, dial, errorOf, untilClosed } from '../../../helpers/raw-http.js';

describe('requests that make no sense', () => {
  it.each([
    ['GET /', 404, 'ERR_ROUTE', 'GET /: there is no such route'],
    ['GET /v1/containers/a/b/c', 404, 'ERR_ROUTE', 'GET /v1/containers/a/b/c: there is no such route'],
    ['PUT /v1/containers', 405, 'ERR_METHOD', 'PUT /v1/containers: this route takes GET, POST'],
    ['GET /v1/containers/%ff', 400, 'ERR_REQUEST', 'path: "%ff" is not percent-encoded UTF-8'],
    ['GET /v1/containers/..%2f..%2fx', 400, 'ERR_OPTION', 'container: "../../x" is not a container name'],
    ['GET /v1/containers/web', 404, 'ERR_NOT_FOUND', 'container "web" does not exist'],
    ['GET /v1/containers?filter=x', 400, 'ERR_OPTION', 'options: "filter" is not an option'],
    ['DELETE /v1/containers/web?force=maybe', 400, 'ERR_OPTION', 'force: "maybe" is not true or false'],
    ['GET /v1/containers/web/logs?tail=-1', 400, 'ERR_OPTION', 'tail: "-1" is not a whole number, 0 or more'],
    ['GET /v1/containers/web/logs?since=soon', 400, 'ERR_OPTION', 'since: "soon" is not a time such as'],
    ['GET /v1/containers/web/logs?tail=1&tail=2', 400, 'ERR_OPTION', 'tail: ["1","2"] is not a whole number'],
    ['POST /v1/containers/web/exec', 400, 'ERR_OPTION', 'command: undefined is not a program and its arguments'],
    [
      'POST /v1/containers/web/exec?command=a&terminal=big',
      400,
      'ERR_OPTION',
      'terminal: "big" is not true, false or a size',
    ],
    ['POST /v1/containers/web/exec?command=a&env=A', 400, 'ERR_OPTION', 'env[0]: "A" is not of the form NAME=VALUE'],
    ['POST /v1/containers/web/signal', 400, 'ERR_REQUEST', 'read body: there is none'],
    ['POST /v1/sessions/0123/kill', 404, 'ERR_NOT_FOUND', 'session "0123" does not exist'],
  ])('%s', async (line, status, code, message) => {
    await using it = await serveFake();
    const answer = await askRaw(it.socket, line);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(errorOf(answer)).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it('says which methods there are', async () => {
    await using it = await serveFake();
    expect((await askRaw(it.socket, 'PATCH /v1/containers/web')).headers['allow']).toBe('GET, DELETE');
  });

  it.each([
    ['{', 400, 'ERR_REQUEST', 'read body: it is not JSON: '],
    [Buffer.from([0x22, 0xff, 0x22]), 400, 'ERR_REQUEST', 'it is not UTF-8'],
    ['[]', 400, 'ERR_OPTION', 'options: [] is not an object of options'],
    ['{"comand":["x"]}', 400, 'ERR_OPTION', 'options: "comand" is not an option'],
    ['{"command":[]}', 400, 'ERR_OPTION', 'command: [] is not a program and its arguments'],
    ['{"command":["x"],"dieWithParent":true}', 400, 'ERR_OPTION', '"dieWithParent" is not an option'],
    ['{"command":["x"],"restart":"often"}', 400, 'ERR_OPTION', 'restart: "often" is not'],
    ['{"command":["x"],"log":{"driver":"raw","maxSize":5}}', 400, 'ERR_OPTION', 'log.driver: "raw" is not json'],
    ['{"command":["x"],"health":{"command":[]}}', 400, 'ERR_OPTION', 'health.command: [] is not a command'],
    [
      '{"command":["x"],"callerDirectory":"here"}',
      400,
      'ERR_OPTION',
      'callerDirectory: "here" is not an absolute path',
    ],
    ['{"command":["x"],"stopSignal":"NO"}', 400, 'ERR_OPTION', 'stopSignal: "NO" is not a signal'],
  ])('POST /v1/containers with %s', async (body, status, code, message) => {
    await using it = await serveFake();
    const answer = await askRaw(it.socket, 'POST /v1/containers', body);
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toMatchObject({ code, message: expect.stringContaining(message) as string });
    expect(it.fake.calls).toEqual([]);
  });

  it('hints at the option that was meant', async () => {
    await using it = await serveFake();
    expect(errorOf(await askRaw(it.socket, 'POST /v1/containers', '{"comand":["x"]}')).hint).toBe(
      'did you mean command?',
    );
  });

  it('says that it failed, where it did', async () => {
    await using it = await serveFake();
    it.fake.list = () => Promise.reject(new TypeError('oops'));
    const answer = await askRaw(it.socket, 'GET /v1/containers');
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toEqual({ name: 'ContainerError', code: 'ERR_INTERNAL', message: 'internal error: oops' });
  });
});

describe('callers', () => {
  it('who may do nothing are told so, whatever they ask', async () => {
    const authorize = (): Caller => {
      throw new ForbiddenError("connect: EPERM (this supervisor is user 0's)");
    };
    await using it = await serveFake({ authorize });
    for (const line of ['GET /v1/ping', 'GET /nowhere', 'POST /v1/containers']) {
      const answer = await askRaw(it.socket, line);
      expect(answer.status).toBe(403);
      expect(errorOf(answer)).toMatchObject({ code: 'EPERM', message: "connect: EPERM (this supervisor is user 0's)" });
    }
  });

  it('in a container see what they are given, and nothing else', async () => {
    const inner = new FakeSupervisor();
    await inner.create({
      command: ['x'],
      container: { name: 'mine' },
      supervision: { restart: { name: 'no' }, log: { driver: 'none' } },
    });
    await using it = await serveFake({ authorize: () => ({ key: 'container a', confined: { face: inner } }) });
    await it.fake.create({
      command: ['x'],
      container: { name: 'theirs' },
      supervision: { restart: { name: 'no' }, log: { driver: 'none' } },
    });
    expect(JSON.parse((await askRaw(it.socket, 'GET /v1/containers')).body)).toMatchObject([{ id: 'mine' }]);
    expect((await askRaw(it.socket, 'GET /v1/containers/theirs')).status).toBe(404);
    expect((await askRaw(it.socket, 'GET /v1/info')).status).toBe(403);
    expect((await askRaw(it.socket, 'GET /v1/version')).status).toBe(200);
  });

  it('in a container without containers of its own are refused those', async () => {
    await using it = await serveFake({ authorize: () => ({ key: 'container a', confined: {} }) });
    const answer = await askRaw(it.socket, 'GET /v1/containers');
    expect(answer.status).toBe(403);
    expect(errorOf(answer).message).toContain('list the containers of the supervisor, by name: EPERM');
  });

  it('cannot touch the sessions of others', async () => {
    let key = 'container a';
    const face = new FakeSupervisor();
    await face.create({
      command: ['x'],
      container: { name: 'web' },
      supervision: { restart: { name: 'no' }, log: { driver: 'none' } },
    });
    await using it = await serveFake({ authorize: () => ({ key, confined: { face } }) });
    const open = request({
      socketPath: it.socket,
      method: 'POST',
      path: '/v1/containers/web/exec?command=sleep&command=9',
      agent: false,
    });
    open.on('error', () => undefined).end();
    const [answer] = (await once(open, 'response')) as [{ headers: Record<string, string> }];
    const session = answer.headers['corral-session'] ?? '';
    key = 'container b';
    expect((await askRaw(it.socket, `POST /v1/sessions/${session}/kill`)).status).toBe(404);
    key = 'container a';
    expect((await askRaw(it.socket, `POST /v1/sessions/${session}/kill`)).status).toBe(204);
    open.destroy();
  });
});

describe('answers', () => {
  it('events as server-sent events', async () => {
    await using it = await serveFake();
    const socket = await dial(it.socket);
    const text = untilClosed(socket);
    socket.write('GET /v1/events?name=web HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n');
    await expect.poll(() => it.fake.calls.at(-1)).toEqual(['events', ['web']]);
    it.fake.tell({ type: 'removed', id: 'web', time: '2026-01-02T03:04:05Z', labels: {} });
    await delay(50);
    socket.end();
    expect(await text).toContain('event: removed\ndata: {"type":"removed","id":"web"');
    await expect.poll(() => it.fake.calls.at(-1)).toEqual(['events ended']);
  });

  it('a log as it was written', async () => {
    await using it = await serveFake();
    await it.fake.create({
      command: ['x'],
      container: { name: 'web' },
      supervision: { restart: { name: 'no' }, log: { driver: 'json' } },
    });
    it.fake.containers
      .get('web')
      ?.log.push({ data: Buffer.from('a'), stream: 'stdout' }, { data: Buffer.from('b'), stream: 'stderr' });
    const answer = await askRaw(it.socket, 'GET /v1/containers/web/logs', undefined, 'Accept: text/plain\r\n');
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.body.replace(/\r\n|^\d$/gm, '')).toContain('a\n');
  });

  it('stats, once and again and again', async () => {
    await using it = await serveFake();
    await it.fake.create({
      command: ['x'],
      container: { name: 'web' },
      supervision: { restart: { name: 'no' }, log: { driver: 'none' } },
    });
    expect(JSON.parse((await askRaw(it.socket, 'GET /v1/containers/web/stats')).body)).toMatchObject({ processes: 1 });
    setTimeout(() => void it.fake.kill('web'), 350);
    const answer = await askRaw(it.socket, 'GET /v1/containers/web/stats?interval=100ms');
    expect(answer.body.match(/"processes":1/g)?.length).toBeGreaterThan(2);
    expect((await askRaw(it.socket, 'GET /v1/containers/web/stats')).status).toBe(409);
  });

  it('a lease that ends with its connection', async () => {
    await using it = await serveFake();
    const body = '{"command":["x"],"name":"web","lease":true}';
    const socket = await dial(it.socket);
    socket.write(`POST /v1/containers HTTP/1.1\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`);
    await once(socket, 'data');
    expect(await it.fake.get('web')).toMatchObject({ status: 'running' });
    socket.destroy();
    await expect.poll(() => it.fake.get('web')).toMatchObject({ status: 'exited', lastEnd: { signal: 'SIGKILL' } });
  });

  it('what it says of itself, and its own description', async () => {
    await using it = await serveFake();
    expect(JSON.parse((await askRaw(it.socket, 'GET /v1/version')).body)).toEqual({ version: '1.2.3', api: 'v1' });
    expect(JSON.parse((await askRaw(it.socket, 'GET /v1/info')).body)).toMatchObject({ pid: 7, stateDir: it.stateDir });
    expect(JSON.parse((await askRaw(it.socket, 'GET /openapi.json')).body)).toMatchObject({ openapi: '3.1.0' });
  });
});
