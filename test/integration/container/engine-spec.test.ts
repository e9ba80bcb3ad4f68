import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CgroupRef } from '../../../src/cgroup/types.js';
import { startExec } from '../../../src/container/exec.js';
import { figuresOf } from '../../../src/container/figures.js';
import { readIdentity } from '../../../src/container/identity.js';
import { launchContainer } from '../../../src/container/launch.js';
import { Prepared, prepare } from '../../../src/container/prepare.js';
import type { State } from '../../../src/container/state.js';
import { updateResources } from '../../../src/container/update-resources.js';
import type { ConfigError } from '../../../src/errors/config-error.js';
import { formatStatsEvent } from '../../../src/oci/runc-stats.js';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import type { Spec } from '../../../src/spec/types.js';
import type { Resources } from '../../../src/spec/resources.js';
import { UndoStack } from '../../../src/util/undo.js';
import { requires } from '../../helpers/requires.js';

const PARENT = `/corral-enginetest-${process.pid}`;
const refs: CgroupRef[] = [];
const undo = new UndoStack();
let nowhere = -1;
let directory = '';

beforeEach(() => {
  nowhere = openSync('/dev/null', 'r+');
  directory = mkdtempSync(join(tmpdir(), 'corral-engine-'));
});

afterEach(async () => {
  const paths = refs.splice(0).flatMap(({ v2, v1 }) => [...(v2 ? [v2] : []), ...v1].map(({ path }) => dirname(path)));
  // What was made on the way goes with it: the processes, the cgroups, and the directories above them.
  await undo.unwind();
  expect(paths.filter((path) => existsSync(path))).toEqual([]);
  closeSync(nowhere);
  rmSync(directory, { recursive: true });
});

/** A container of `corral run`, with its cgroups as an engine wants them. */
async function launch(resources: Resources): Promise<State> {
  const { spec } = prepare(['sleep', '100'], { name: 'engine', userns: 'host', init: false, rootfs: '/' });
  const annotations = { [ANNOTATIONS.engine]: 'true', [ANNOTATIONS.loopback]: 'down' };
  const engine: Spec = { ...spec, annotations, linux: { ...spec.linux, resources, cgroupsPath: `${PARENT}/web` } };
  const prepared = new Prepared('engine', engine);
  const { placement } = prepared;
  const streams = { stdin: nowhere, stdout: nowhere, stderr: nowhere };
  const plan = { ...placement, content: () => prepared.plan };
  const { pid, cgroup } = await launchContainer(plan, { undo, streams }, (ref) => refs.push(ref));
  const init = readIdentity(pid);
  if (init === undefined) throw new Error('it has ended');
  const owner = readIdentity(process.pid);
  if (owner === undefined) throw new Error('this process has no identity');
  return { version: 1, id: 'engine', status: 'running', createdAt: '', owner, init, spec: engine, cgroup };
}

describe('a container of an engine', () => {
  it('is born in its cgroups, and what enters it later goes there too', async (ctx) => {
    requires(ctx, { root: true, cgroup: true });
    const state = await launch({});
    const own = readFileSync(`/proc/${state.init?.pid}/cgroup`, 'utf8');
    expect(own).toContain(`:${PARENT}/web\n`);
    const out = join(directory, 'out');
    const exec = await startExec(state, ['sleep', '100'], { stdout: { file: out } });
    expect(readFileSync(`/proc/${exec.pid}/cgroup`, 'utf8')).toBe(own);
    expect(exec.notes).toEqual([]);
    exec.signal('SIGKILL');
    await exec.exited;
  });

  it('is changed by resources, all or none', async (ctx) => {
    requires(ctx, { root: true, cgroup: true, controllers: ['memory', 'pids', 'cpuset'] });
    const state = await launch({ pids: { limit: 20 }, memory: { limit: 64 << 20 } });
    const update = (given: Resources): Promise<void> =>
      updateResources(state, given, { isRootless: false, note: () => undefined });
    await update({ pids: { limit: 21 }, memory: { limit: 0 }, cpu: { shares: 0, cpus: '' } });
    expect(figuresOf(state)).toMatchObject({ pids: { limit: 21n }, memory: { usage: { limit: 64n << 20n } } });
    await expect(update({ pids: { limit: 22 }, cpu: { cpus: '0-9999' } })).rejects.toMatchObject({
      pointer: '/cpu/cpus',
      code: 'ERR_CONFIG',
    } satisfies Partial<ConfigError>);
    expect(figuresOf(state).pids.limit).toBe(21n);
    const allowed = { allow: true, type: 'c', major: 1, minor: 11, access: 'r' } as const;
    await update({ devices: [{ allow: false, access: 'rwm' }, allowed] });
    await update({ memory: { limit: -1 } });
    expect(figuresOf(state).memory.usage.limit).toBeGreaterThan(2n ** 60n);
  });

  it('tells its figures as runc does', async (ctx) => {
    requires(ctx, { root: true, cgroup: true, controllers: ['memory', 'pids'] });
    const state = await launch({ pids: { limit: 20 } });
    const event = JSON.parse(formatStatsEvent('web', figuresOf(state))) as unknown;
    expect(event).toMatchObject({
      type: 'stats',
      id: 'web',
      data: { pids: { current: 1, limit: 20 }, cpu: { usage: { total: expect.any(Number) as number } } },
    });
    expect(event).toMatchObject({ data: { memory: { usage: { usage: expect.any(Number) as number } } } });
  });
});
