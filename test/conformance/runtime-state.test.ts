import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'vitest';
import { until } from '../helpers/lab.js';
import { readDumps, tellingHook } from './lib/hooks.js';
import { describeSection } from './lib/section.js';

/** runtime-spec 1.3.0, schema/state-schema.json, as its prose says it. */
const SCHEMA = {
  type: 'object',
  required: ['ociVersion', 'id', 'status', 'bundle'],
  properties: {
    ociVersion: { type: 'string' },
    id: { type: 'string' },
    status: { type: 'string', enum: ['creating', 'created', 'running', 'stopped', 'paused'] },
    pid: { type: 'integer', minimum: 0 },
    bundle: { type: 'string', minLength: 1 },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

describeSection('runtime.md: scope and state', ({ says, shared }) => {
  says('scope', async (machine) => {
    const { id, output } = await machine.create({ script: 'exec sleep 1000' });
    machine.ok('start', id);
    machine.ok('kill', id, 'KILL');
    await output;
    await machine.untilStopped(id);
    machine.delete(id);
  });

  const life = shared(async (machine) => {
    const bundle = machine.bundle({
      script: 'while [ ! -e /end ]; do sleep 0.02; done',
      top: { annotations: { 'com.example.key': 'value' } },
    });
    const { id, output } = await machine.create(bundle);
    const created = machine.state(id);
    const isThere = existsSync(`/proc/${String(created.pid)}/root/proc/1`);
    machine.ok('start', id);
    const running = machine.state(id);
    machine.ok('pause', id);
    const paused = machine.state(id);
    machine.ok('resume', id);
    writeFileSync(join(bundle, 'rootfs/end'), '');
    await output;
    await until(() => machine.state(id).status === 'stopped', 'stopped');
    const stopped = machine.state(id);
    machine.delete(id);
    return { bundle, created, running, paused, stopped, isThere };
  });

  says('state.status', async () => {
    const { created, running, stopped } = await life();
    expect([created.status, running.status, stopped.status]).toEqual(['created', 'running', 'stopped']);
  });

  says('state.additional', async () => {
    expect((await life()).paused.status).toBe('paused');
  });

  says('state.pid', async () => {
    const { created, running, isThere } = await life();
    expect(created.pid).toBeGreaterThan(1);
    expect(isThere).toBe(true);
    expect(running.pid).toBe(created.pid);
  });

  says('state.bundle', async () => {
    const { created, bundle } = await life();
    expect(created.bundle).toBe(bundle);
  });

  says('state.annotations', async () => {
    expect((await life()).running.annotations).toEqual({ 'com.example.key': 'value' });
  });

  says('state.schema', async () => {
    const { created, running, paused, stopped } = await life();
    const validate = new Ajv().compile(SCHEMA);
    for (const state of [created, running, paused, stopped])
      expect(validate(state), JSON.stringify(validate.errors)).toBe(true);
  });

  const hooks = shared(async (machine) => {
    const dumps = machine.directory();
    const inside = {
      path: '/bin/sh',
      args: ['sh', '-c', 'cat >/startContainer; echo $PPID $$ >/pids'],
      env: ['PATH=/usr/bin:/bin'],
    };
    const bundle = machine.bundle({
      hooks: { createRuntime: [tellingHook(dumps, 'createRuntime')], startContainer: [inside] },
    });
    const { id, output } = await machine.create(bundle);
    const { pid } = machine.state(id);
    machine.ok('start', id);
    await output;
    await machine.untilStopped(id);
    machine.delete(id);
    const inContainer = JSON.parse(readFileSync(join(bundle, 'rootfs/startContainer'), 'utf8')) as {
      readonly pid: number;
    };
    return { pid, dumps: readDumps(dumps), inContainer };
  });

  says('state.creating', async () => {
    expect((await hooks()).dumps['createRuntime']?.state.status).toBe('creating');
  });

  says('state.pid-runtime', async () => {
    const { pid, dumps } = await hooks();
    expect(dumps['createRuntime']?.state.pid).toBe(pid);
  });

  says('state.pid-container', async () => {
    expect((await hooks()).inContainer.pid).toBe(1);
  });
});
