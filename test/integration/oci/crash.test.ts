import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { listCgroups } from '../../helpers/leaks.js';
import { type Called, type Running, makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

const IDLE = { script: 'exec sleep 1000' };
const statePath = (id: string): string => join(oci.root, `${id}.state`);

/** Expects that nothing at all is left of a container, and that its id is free. */
function expectGone(id: string): void {
  expect(readdirSync(oci.root).filter((name) => name.startsWith(id))).toEqual([]);
  expect(listCgroups(oci.lab.cgroupParent)).toEqual([]);
  oci.refuses(['state', id], 'container does not exist');
}

describe('a container whose process has died unseen', () => {
  it.for(['created', 'running'])('is stopped: %s', async (status) => {
    const { id } = status === 'created' ? oci.create(IDLE) : oci.start(IDLE);
    expect(oci.status(id)).toBe(status);
    // Not by corral: as the out-of-memory killer does it.
    process.kill(oci.pid(id), 'SIGKILL');
    await until(() => oci.status(id) === 'stopped', 'its end');
    expect(oci.pid(id)).toBe(0);
    oci.ok('delete', id);
    expectGone(id);
  });

  it('is stopped after a reboot, whoever has its pid then', () => {
    const { id } = oci.start(IDLE);
    const before = readFileSync(statePath(id), 'utf8');
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    expect(before).toContain(bootId);
    writeFileSync(statePath(id), before.replaceAll(bootId, '00000000-0000-0000-0000-000000000000'));
    expect(JSON.parse(oci.ok('state', id))).toMatchObject({ status: 'stopped', pid: 0 });
    oci.refuses(['kill', id], 'container not running');
    oci.refuses(['exec', id, 'true'], 'cannot exec in a stopped container', 255);
    writeFileSync(statePath(id), before);
    expect(oci.status(id)).toBe('running');
  });

  it('is stopped when another process has its pid', () => {
    const { id } = oci.start(IDLE);
    const before = readFileSync(statePath(id), 'utf8');
    const pid = oci.pid(id);
    const startTime = new RegExp(`("pid":${String(pid)},"startTime":")\\d+`);
    expect(before).toMatch(startTime);
    writeFileSync(statePath(id), before.replace(startTime, '$11'));
    expect(oci.status(id)).toBe('stopped');
    oci.refuses(['kill', id, 'KILL'], 'container not running');
    expect(existsSync(`/proc/${String(pid)}`)).toBe(true);
    writeFileSync(statePath(id), before);
  });
});

describe('two at once', () => {
  it('create: one of them does', async () => {
    const { id, directory } = oci.bundle();
    const calls = [1, 2, 3].map(() => oci.begin({}, 'create', '--bundle', directory, id).ended);
    const ended = await Promise.all(calls);
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 1, 1]);
    for (const { stderr } of ended.filter(({ code }) => code !== 0)) {
      expect(stderr).toContain('container with given ID already exists');
    }
    expect(oci.status(id)).toBe('created');
  });

  it('start: one of them does', async () => {
    const { id, created } = oci.create({ script: 'echo ran; exec sleep 1000' });
    const ended = await Promise.all([1, 2, 3].map(() => oci.begin({}, 'start', id).ended));
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 1, 1]);
    await until(() => created.said() !== '', 'its first word');
    expect(created.said()).toBe('ran\n');
  });

  it('delete: the container is gone, and nobody hangs', async () => {
    const { id } = oci.start(IDLE);
    const ended = await Promise.all([1, 2, 3].map(() => oci.begin({}, 'delete', '--force', id).ended));
    for (const { code, stderr } of ended) expect([code, stderr]).toEqual([0, '']);
    expectGone(id);
  });

  it('kill and delete, while others look', async () => {
    const { id } = oci.start(IDLE);
    const words = [['state', id], ['list'], ['kill', id, 'KILL'], ['delete', '--force', id], ['ps', '-f', 'json', id]];
    const ended = await Promise.all(words.map((each) => oci.begin({}, ...each).ended));
    for (const { code, stderr } of ended) {
      if (code !== 0) expect(stderr).toMatch(/container (does not exist|not running)/);
    }
    oci.ok('delete', '--force', id);
    expectGone(id);
  });
});

/** Milliseconds after which corral-oci is killed: from before its first line to after its last, however busy the machine is. */
const MOMENTS = [...Array.from({ length: 24 }, (_, index) => index * 10), undefined];

/** Kills it at a moment, or when it has ended. @returns how it has ended */
async function killAt({ child, ended }: Running, moment: number | undefined): Promise<Called> {
  if (moment === undefined) await ended;
  else await delay(moment * TIME_SCALE);
  child.kill('SIGKILL');
  return ended;
}

describe('SIGKILL of corral-oci itself', () => {
  it('in the middle of create: a forced delete clears all of it away', { timeout: 240_000 * TIME_SCALE }, async () => {
    const outcomes = new Set<string>();
    for (const moment of MOMENTS) {
      const { id, directory } = oci.bundle(IDLE);
      const { code } = await killAt(oci.begin({}, 'create', '--bundle', directory, id), moment);
      const state = oci.call('state', id);
      outcomes.add(state.code === 0 ? (JSON.parse(state.stdout) as { readonly status: string }).status : 'nothing');
      if (code === 0) expect(oci.status(id)).toBe('created');
      expect(oci.ok('delete', '--force', id)).toBe('');
      expectGone(id);
      // The id is free.
      oci.ok('create', '--bundle', directory, id);
      oci.ok('delete', id);
    }
    // Both ends were seen.
    expect(outcomes).toContain('nothing');
    expect(outcomes).toContain('created');
  });

  it('in the middle of start: it runs, or waits, or has ended', { timeout: 240_000 * TIME_SCALE }, async () => {
    const outcomes = new Set<string>();
    for (const moment of MOMENTS) {
      const { id, created } = oci.create({ script: 'echo ran; exec sleep 1000' });
      await killAt(oci.begin({}, 'start', id), moment);
      const status = oci.status(id);
      outcomes.add(status);
      if (status === 'created') oci.ok('start', id);
      await until(() => created.said() === 'ran\n', 'its first word');
      expect(oci.status(id)).toBe('running');
      oci.ok('delete', '--force', id);
      expectGone(id);
    }
    expect([...outcomes].sort()).toEqual(['created', 'running']);
  });

  it('in the middle of delete: another delete ends it', { timeout: 240_000 * TIME_SCALE }, async () => {
    for (const moment of MOMENTS) {
      const { id } = oci.start(IDLE);
      await killAt(oci.begin({}, 'delete', '--force', id), moment);
      expect(oci.ok('delete', '--force', id)).toBe('');
      expectGone(id);
    }
  });

  it('in the middle of exec: the process may live, and dies with the container', async () => {
    const { id } = oci.start(IDLE);
    const running = oci.begin({}, 'exec', id, 'sh', '-c', 'echo ready; exec sleep 1001');
    await until(() => running.said() === 'ready\n', 'its first word');
    running.child.kill('SIGKILL');
    await running.ended;
    oci.ok('kill', id, 'KILL');
    await until(() => oci.ok('ps', '--format', 'json', id) === '[]\n', 'the end of all');
    await until(() => oci.status(id) === 'stopped', 'the news of it');
    oci.ok('delete', id);
    expectGone(id);
  });

  it('in the very beginning of create leaves a name that delete makes free', () => {
    const { id, directory } = oci.bundle();
    for (const begun of ['', '{"version":1,"id":"']) {
      oci.ok('create', '--bundle', directory, id);
      oci.ok('delete', id);
      writeFileSync(statePath(id), begun);
      oci.refuses(['create', '--bundle', directory, id], 'container with given ID already exists');
      oci.refuses(['state', id], 'container does not exist');
      expect(oci.ok('list', '--quiet')).toBe('');
      oci.ok('delete', '--force', id);
      expectGone(id);
    }
  });
});
