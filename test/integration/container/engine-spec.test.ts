import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startExec } from '../../../src/container/exec.js';
import { figuresOf } from '../../../src/container/figures.js';
import { readIdentity } from '../../../src/container/identity.js';
import { launchContainer } from '../../../src/container/launch.js';
import { Prepared } from '../../../src/container/prepare.js';
import type { State } from '../../../src/container/state.js';
import { updateResources } from '../../../src/container/update-resources.js';
import type { ConfigError } from '../../../src/errors/config-error.js';
import { addon } from '../../../src/native/addon.js';
import { formatStatsEvent } from '../../../src/oci/runc-stats.js';
import type { Resources } from '../../../src/spec/resources.js';
import { UndoStack } from '../../../src/util/undo.js';
import { engineSpec } from '../../helpers/engine.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

/** A container of an engine that runs; nothing of it is left once it is disposed of. */
async function launch(resources: Resources): Promise<AsyncDisposable & { readonly state: State }> {
  const spec = engineSpec(lab, { script: 'exec sleep 100', linux: { resources } });
  const nowhere = openSync('/dev/null', 'r+');
  // The start is given before anybody waits for it.
  const [start, giveStart] = addon.pipe();
  writeSync(giveStart, '1');
  const undo = new UndoStack();
  const end = async (): Promise<void> => {
    await undo.unwind();
    for (const fd of [nowhere, start, giveStart]) closeSync(fd);
  };
  const prepared = new Prepared('engine', spec);
  const plan = { ...prepared.placement, content: () => prepared.plan };
  const streams = { stdin: nowhere, stdout: nowhere, stderr: nowhere };
  const fds = new Map([['start', start]]);
  const { pid, cgroup } = await launchContainer(plan, { undo, streams, fds }, () => undefined);
  const [init, owner] = [readIdentity(pid), readIdentity(process.pid)];
  if (init === undefined || owner === undefined) throw new Error('it has ended');
  const state: State = { version: 1, id: 'engine', status: 'running', createdAt: '', owner, init, spec, cgroup };
  return { state, [Symbol.asyncDispose]: end };
}

describe('a container of an engine', () => {
  it('is born in its cgroups, and what enters it later goes there too', async (ctx) => {
    requires(ctx, { root: true, cgroup: true });
    await using container = await launch({});
    const { state } = container;
    const own = readFileSync(`/proc/${state.init?.pid}/cgroup`, 'utf8');
    expect(own).toContain(`:/${lab.cgroupParent}\n`);
    const exec = await startExec(state, ['sleep', '100'], { stdout: 'ignore', stderr: 'ignore' });
    expect(readFileSync(`/proc/${exec.pid}/cgroup`, 'utf8')).toBe(own);
    expect(exec.notes).toEqual([]);
    exec.signal('SIGKILL');
    await exec.exited;
  });

  it('is changed by resources, all or none', async (ctx) => {
    requires(ctx, { root: true, cgroup: true, controllers: ['memory', 'pids', 'cpuset'] });
    await using container = await launch({ pids: { limit: 20 }, memory: { limit: 64 << 20 } });
    const { state } = container;
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
    await using container = await launch({ pids: { limit: 20 } });
    const { state } = container;
    const event = JSON.parse(formatStatsEvent('web', figuresOf(state))) as unknown;
    expect(event).toMatchObject({
      type: 'stats',
      id: 'web',
      data: { pids: { current: 1, limit: 20 }, cpu: { usage: { total: expect.any(Number) as number } } },
    });
    expect(event).toMatchObject({ data: { memory: { usage: { usage: expect.any(Number) as number } } } });
  });
});
