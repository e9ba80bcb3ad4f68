import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ApiServer } from '../../../../src/supervisor/api/server.js';
import { connect } from '../../../../src/supervisor/connect.js';
import { serveFake } from '../../../helpers/api-server.js';
import { FakeSupervisor } from '../../../helpers/fake-supervisor.js';
import { askRaw, dial, errorOf, parseAnswer, untilClosed } from '../../../helpers/raw-http.js';

describe('the socket', () => {
  it('is open to everybody, in a directory that shows nothing', async () => {
    await using it = await serveFake();
    expect(lstatSync(it.socket).mode & 0o777).toBe(0o666);
    expect(statSync(join(it.stateDir, 'api')).mode & 0o777).toBe(0o711);
    expect(readdirSync(join(it.stateDir, 'api'))).toEqual(['corral.sock']);
  });

  it("takes the place of what was left, and stays another's", async () => {
    await using first = await serveFake();
    writeFileSync(join(first.stateDir, 'api/.corral.sock.1'), '');
    const second = await ApiServer.listen({
      face: new FakeSupervisor(),
      socketPath: first.socket,
      authorize: () => ({ key: 'user 0' }),
      info: () => ({ version: '2', pid: 8, startedAt: '', stateDir: '', dataDir: '', containers: 0 }),
    });
    expect(readdirSync(join(first.stateDir, 'api'))).toEqual(['corral.sock']);
    await first.server.close();
    expect(JSON.parse((await askRaw(first.socket, 'GET /v1/version')).body)).toMatchObject({ version: '2' });
    await second.close();
    expect(existsSync(first.socket)).toBe(false);
  });

  it('may have a path of any length', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'corral-test-api-'));
    const deep = join(directory, 'x'.repeat(100), 'y'.repeat(100));
    mkdirSync(deep, { recursive: true, mode: 0o700 });
    chmodSync(deep, 0o700);
    const socketPath = join(deep, 'api/corral.sock');
    const server = await ApiServer.listen({
      face: new FakeSupervisor(),
      socketPath,
      authorize: () => ({ key: 'user 0' }),
      info: () => ({ version: '3', pid: 8, startedAt: '', stateDir: '', dataDir: '', containers: 0 }),
    });
    const client = await connect({ socket: socketPath });
    expect(await client.info()).toMatchObject({ version: '3' });
    client.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });

  it('is refused a directory that others can write', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'corral-test-api-'));
    mkdirSync(join(directory, 'api'));
    chmodSync(join(directory, 'api'), 0o777);
    const listening = ApiServer.listen({
      face: new FakeSupervisor(),
      socketPath: join(directory, 'api/corral.sock'),
      authorize: () => ({ key: 'user 0' }),
      info: () => ({ version: '4', pid: 8, startedAt: '', stateDir: '', dataDir: '', containers: 0 }),
    });
    await expect(listening).rejects.toMatchObject({ code: 'ERR_STATE_DIR' });
    rmSync(directory, { recursive: true });
  });
});

describe('the end', () => {
  it('answers what was asked, and refuses what comes after', async () => {
    await using it = await serveFake();
    const early = await dial(it.socket);
    const late = await dial(it.socket);
    it.fake.list = async () => delay(150, []);
    const asked = untilClosed(early);
    early.write('GET /v1/containers HTTP/1.1\r\n\r\n');
    await expect.poll(() => it.server.requests).toBe(1);
    const closing = it.server.close(2000);
    const refused = untilClosed(late);
    late.write('GET /v1/ping HTTP/1.1\r\n\r\n');
    expect(existsSync(it.socket)).toBe(false);
    await closing;
    expect(parseAnswer(await asked).status).toBe(200);
    expect(errorOf(parseAnswer(await refused))).toMatchObject({ code: 'ERR_CLOSING' });
  });

  it('tells how many requests there are', async () => {
    const seen: number[] = [];
    await using it = await serveFake({ onActivity: (requests) => seen.push(requests) });
    await askRaw(it.socket, 'GET /v1/ping');
    await expect.poll(() => seen).toEqual([1, 0]);
  });
});
