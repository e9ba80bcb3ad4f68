import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/supervisor/client/client.js';
import { type Actor, Stage } from '../../helpers/crash-stage.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { makeSystemdLab, show, systemctl, untilNoUnits } from './systemd-lab.js';

const MAIN = fileURLToPath(new URL('../../../dist/cli/corral.cjs', import.meta.url));
const PATIENCE = { timeout: 15_000 * TIME_SCALE };

const lab = makeSystemdLab();
/** Where units are that go with the boot: of the system, or of this user. */
const units =
  process.geteuid?.() === 0 ? '/run/systemd/system' : join(process.env['XDG_RUNTIME_DIR'] ?? '/run', 'systemd/user');

let stage: Stage;
let unit: string;
beforeEach((context) => {
  requires(context, { systemd: true });
  stage = new Stage();
  unit = `corraltest-${randomBytes(4).toString('hex')}.service`;
  // What is printed is what is installed.
  const text = execFileSync(process.execPath, [MAIN, '--state-dir', stage.stateDir, 'supervise', '--unit'], {
    encoding: 'utf8',
  });
  mkdirSync(units, { recursive: true });
  writeFileSync(join(units, unit), text);
  systemctl('daemon-reload');
});
afterEach(async () => {
  systemctl('stop', unit);
  rmSync(join(units, unit));
  systemctl('daemon-reload');
  await stage[Symbol.asyncDispose]();
  await untilNoUnits();
});

const stateOf = (name: string): string => show(name, 'ActiveState')['ActiveState'] ?? '';
const mainOf = (name: string): number => Number(show(name, 'MainPID')['MainPID']);

/** Waits until the supervisor of the unit serves, and connects; none is started on the way. */
async function connect(): Promise<Client> {
  await expect.poll(() => stage.supervisors(), PATIENCE).toEqual([mainOf(unit)]);
  const client = await stage.connect();
  expect((await client.info()).pid).toBe(mainOf(unit));
  return client;
}

function actor(id: string, restart: string): Actor {
  const cgroupParent = lab.options.cgroupParent ?? '';
  return stage.actor(id, { restart, log: { driver: 'json' }, container: { cgroupDriver: 'systemd', cgroupParent } });
}

async function begin(client: Client, { options, workload }: Actor): Promise<void> {
  await client.create(options);
  await expect.poll(() => workload.read().starts, PATIENCE).toBe(1);
}

describe('with systemd', () => {
  test('a stop of the unit leaves the containers, and a start takes them over', async () => {
    systemctl('start', unit);
    using client = await connect();
    const web = actor('web', 'always');
    await begin(client, web);
    const { pid } = await client.get('web');

    systemctl('stop', unit);
    expect(stage.supervisors()).toEqual([]);
    expect(stateOf(unit)).toBe('inactive');
    expect(stateOf('corral-web.scope')).toBe('active');
    const { lines } = web.workload.read();
    await expect.poll(() => web.workload.read().lines.get(1), PATIENCE).toBeGreaterThan(lines.get(1) ?? 0);

    systemctl('start', unit);
    using next = await connect();
    expect(await next.get('web')).toMatchObject({ status: 'running', pid, restarts: 0 });

    systemctl('restart', unit);
    using last = await connect();
    expect(await last.get('web')).toMatchObject({ status: 'running', pid, restarts: 0 });
    expect(web.workload.read()).toMatchObject({ starts: 1, doubles: 0 });
    await last.remove('web', { force: true });
  });

  test('its supervisor is back after a kill, unasked, with its containers', async () => {
    systemctl('start', unit);
    using client = await connect();
    const web = actor('web', 'always');
    await begin(client, web);
    const { pid } = await client.get('web');
    const before = mainOf(unit);
    systemctl('kill', '--signal=KILL', '--kill-whom=main', unit);
    // Its policy holds without anybody who asks.
    process.kill(stage.processes(web)[0] ?? 0, 'SIGKILL');
    await expect.poll(() => web.workload.read().starts, PATIENCE).toBe(2);
    expect(mainOf(unit)).not.toBe(before);
    expect(stateOf(unit)).toBe('active');
    expect(await client.get('web')).toMatchObject({ status: 'running', lastEnd: { run: 1, signal: 'SIGKILL' } });
    expect((await client.get('web')).pid).not.toBe(pid);
    expect(web.workload.read().doubles).toBe(0);
    await client.remove('web', { force: true });
  });

  test('it takes the place of a supervisor that was started on demand', async () => {
    using client = await stage.connect();
    const web = actor('web', 'no');
    await begin(client, web);
    const { pid } = await client.get('web');
    const before = stage.supervisor();
    systemctl('start', unit);
    await expect.poll(() => stage.supervisors(), PATIENCE).not.toContain(before);
    using next = await connect();
    expect(await next.get('web')).toMatchObject({ status: 'running', pid });
    expect(stateOf(unit)).toBe('active');
    await next.remove('web', { force: true });
  });

  test('whoever is asked of it finds its containers in scopes of their own, not in the unit', async () => {
    systemctl('start', unit);
    using client = await connect();
    // With nothing said of where, as a person starts it.
    const plain = stage.actor('plain', { container: {} });
    const { cgroupParent: _, ...container } = plain.options.container;
    await client.create({ ...plain.options, container: { ...container, pids: 64 } });
    await expect.poll(() => plain.workload.read().starts, PATIENCE).toBe(1);
    expect(show('corral-plain.scope', 'ActiveState', 'Slice')).toEqual({
      ActiveState: 'active',
      Slice: 'corral.slice',
    });
    expect((await client.inspect('plain')).container?.cgroup.v2?.path).toContain('/corral.slice/corral-plain.scope/');
    await client.remove('plain', { force: true });
  });
});
