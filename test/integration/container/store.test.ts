import { appendFileSync, chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import { removeParents } from '../../../src/container/leaving.js';
import { spawn } from '../../../src/container/spawn.js';
import { Store } from '../../../src/container/store.js';

describe('the state directory', () => {
  let stateDir: string;

  afterAll(removeParents);

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'corral-test-store-'));
  });

  afterEach(() => {
    rmSync(stateDir, { recursive: true });
  });

  it('is refused when somebody else can write there', async () => {
    chmodSync(stateDir, 0o777);
    await expect(spawn(['true'], { stateDir })).rejects.toMatchObject({ code: 'ERR_STATE_DIR' });
  });

  it('of a container that is gone is not taken for that of the next one of its name', async () => {
    const store = new Store(stateDir);
    const first = await spawn(['sleep', '1000'], { stateDir, name: 'web', stdout: 'ignore', stderr: 'ignore' });
    const state = store.get('web');
    await first.kill();
    const stale = store.create(state);
    rmSync(join(stateDir, 'web.state'));
    const next = store.create(state);
    stale.remove();
    expect(store.get('web')).toEqual(state);
    expect(store.claim('web')).toBeUndefined();
    next.remove();
    expect(readdirSync(stateDir)).toEqual([]);
  });

  it('is never read half written', async () => {
    const store = new Store(stateDir);
    const container = await spawn(['sleep', '1000'], { stateDir, name: 'web', stdout: 'ignore', stderr: 'ignore' });
    const state = store.get('web');
    appendFileSync(join(stateDir, 'web.state'), '{"status":"creat');
    expect(store.get('web')).toEqual(state);
    await container.kill();
    expect(readdirSync(stateDir)).toEqual([]);
  });

  it('with a broken entry still lists the others, and says which one is broken', async () => {
    writeFileSync(join(stateDir, 'broken.state'), '{\n');
    const containers = new Containers({ stateDir });
    const warning = new Promise((resolve) => process.once('warning', resolve));
    expect(containers.list()).toEqual([]);
    expect(await warning).toMatchObject({ code: 'ERR_STATE_FILE' });
    expect(() => containers.get('broken')).toThrow(/broken\.state: it is no JSON/);
    await expect(containers.prune()).rejects.toMatchObject({ code: 'ERR_STATE_FILE' });
  });
});
