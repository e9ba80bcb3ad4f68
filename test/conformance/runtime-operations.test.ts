import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { until } from '../helpers/lab.js';
import { listCgroups } from '../helpers/leaks.js';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';

const SLEEP = 'trap "echo got TERM; exit" TERM; touch /ready; while :; do sleep 0.02; done';

/** One that is there, in each of the states of a container. */
async function inState(machine: Machine, status: 'created' | 'running' | 'stopped'): Promise<string> {
  const { id, output } = await machine.create({ script: status === 'stopped' ? 'true' : 'exec sleep 1000' });
  if (status === 'created') return id;
  machine.ok('start', id);
  if (status === 'stopped') await output;
  await until(() => machine.state(id).status === status, status);
  return id;
}

describeSection('runtime.md: operations', ({ says }) => {
  says('operations', (machine) => {
    for (const verb of ['state', 'create', 'start', 'kill', 'delete']) machine.ok(verb, '--help');
  });

  says('query.no-id', (machine) => expect(machine.call('state').code).not.toBe(0));
  says('query.unknown', (machine) => expect(machine.call('state', 'nobody').code).not.toBe(0));
  says('query.returns', async (machine) => {
    const id = await inState(machine, 'created');
    expect(machine.state(id)).toMatchObject({ id, status: 'created', pid: expect.any(Number) as number });
  });

  says('create.arguments', (machine) => {
    const bundle = machine.bundle({});
    expect(machine.call('create', '--bundle', bundle).code, 'no id').not.toBe(0);
    expect(machine.call('create', '--bundle', join(bundle, 'nowhere'), 'c').code, 'no bundle').not.toBe(0);
    expect(machine.call('create', 'c').code, 'no bundle in the working directory').not.toBe(0);
  });

  says('create.unique', async (machine) => {
    const id = await inState(machine, 'created');
    const { pid } = machine.state(id);
    expect((await machine.tryCreate({}, { id })).code).not.toBe(0);
    expect(machine.state(id)).toMatchObject({ status: 'created', pid });
  });

  says('create.valid', async (machine) => {
    const bundle = machine.bundle({});
    for (const id of ['', '.', '..', 'a/b', '../c', 'a b', 'ü']) {
      expect((await machine.tryCreate(bundle, { id })).code, JSON.stringify(id)).not.toBe(0);
    }
    expect(JSON.parse(machine.ok('list', '--format', 'json')) ?? []).toEqual([]);
  });

  says('create.new', async (machine) => {
    const [one, two] = [await machine.create({}), await machine.create({})];
    expect(machine.state(one.id).pid).not.toBe(machine.state(two.id).pid);
  });

  says('create.applied', async (machine) => {
    const { id } = await machine.create({
      top: { hostname: 'applied' },
      mounts: [{ destination: '/mnt', type: 'tmpfs', source: 'here' }],
    });
    const { pid } = machine.state(id);
    expect(readFileSync(`/proc/${String(pid)}/mountinfo`, 'utf8')).toContain(' /mnt ');
    expect(listCgroups(machine.cgroupParent).length).toBeGreaterThan(0);
  });

  says('create.args', async (machine) => {
    const { id, bundle, output } = await machine.create({ script: 'touch /ran' });
    expect(existsSync(join(bundle, 'rootfs/ran'))).toBe(false);
    machine.ok('start', id);
    await output;
    expect(existsSync(join(bundle, 'rootfs/ran'))).toBe(true);
  });

  says('create.cannot', async (machine) => {
    const { id, code } = await machine.tryCreate({ linux: { sysctl: { 'net.no.such': '1' } } });
    expect(code).not.toBe(0);
    expect(machine.call('state', id).code).not.toBe(0);
    expect(listCgroups(machine.cgroupParent)).toEqual([]);
  });

  says('start.no-id', (machine) => expect(machine.call('start').code).not.toBe(0));

  says('start.not-created', async (machine) => {
    for (const status of ['running', 'stopped'] as const) {
      const id = await inState(machine, status);
      const before = machine.state(id);
      expect(machine.call('start', id).code, status).not.toBe(0);
      expect(machine.state(id), status).toEqual(before);
    }
    expect(machine.call('start', 'nobody').code).not.toBe(0);
  });

  says('start.runs', async (machine) => {
    expect(await machine.lines({ process: { args: ['/bin/echo', 'as', 'specified'] } })).toEqual(['as specified']);
  });

  // Neither accepts such a config.json at all: there is nothing to start.
  says('start.no-process', async (machine) => {
    const { id } = await machine.tryCreate({ top: { process: undefined } });
    expect(machine.call('start', id).code).not.toBe(0);
  });

  says('kill.no-id', (machine) => expect(machine.call('kill').code).not.toBe(0));

  says('kill.stopped', async (machine) => {
    const id = await inState(machine, 'stopped');
    expect(machine.call('kill', id, 'TERM').code).not.toBe(0);
    expect(machine.state(id).status).toBe('stopped');
    expect(machine.call('kill', 'nobody', 'TERM').code).not.toBe(0);
  });

  says('kill.sends', async (machine) => {
    const { id, output, bundle } = await machine.create({ script: SLEEP });
    machine.ok('start', id);
    await until(() => existsSync(join(bundle, 'rootfs/ready')), 'it listens');
    machine.ok('kill', id, 'TERM');
    expect((await output).stdout).toBe('got TERM\n');
    const created = await inState(machine, 'created');
    machine.ok('kill', created, 'KILL');
    await machine.untilStopped(created);
  });

  says('delete.no-id', (machine) => expect(machine.call('delete').code).not.toBe(0));

  says('delete.running', async (machine) => {
    const id = await inState(machine, 'running');
    const before = machine.state(id);
    expect(machine.call('delete', id).code).not.toBe(0);
    expect(machine.state(id)).toEqual(before);
    expect(machine.call('delete', 'nobody').code).not.toBe(0);
  });

  const killsFirst = async (machine: Machine): Promise<void> => {
    const id = await inState(machine, 'created');
    machine.delete(id);
    expect(machine.call('state', id).code).not.toBe(0);
  };
  says(
    'delete.created',
    async (machine) => {
      const id = await inState(machine, 'created');
      expect(machine.call('delete', id).code).not.toBe(0);
      expect(machine.state(id).status).toBe('created');
    },
    { runc: killsFirst, 'corral-oci': killsFirst },
  );

  says('delete.resources', async (machine) => {
    const id = await inState(machine, 'stopped');
    machine.delete(id);
    expect(listCgroups(machine.cgroupParent)).toEqual([]);
    expect(machine.call('state', id).code).not.toBe(0);
  });

  says('delete.others', async (machine) => {
    const theirs = machine.directory();
    mkdirSync(join(theirs, 'volume'));
    writeFileSync(join(theirs, 'volume/file'), 'text');
    const mounts = [{ destination: '/mnt', type: 'bind', source: join(theirs, 'volume'), options: ['rbind'] }];
    const bundle = machine.bundle({ mounts });
    await machine.run(bundle);
    expect(readFileSync(join(theirs, 'volume/file'), 'utf8')).toBe('text');
    expect(existsSync(join(bundle, 'rootfs')) && existsSync(join(bundle, 'config.json'))).toBe(true);
  });

  says('delete.reuse', async (machine) => {
    await machine.run({}, { id: 'again' });
    expect((await machine.run({ script: 'echo again' }, { id: 'again' })).stdout).toBe('again\n');
  });
});
