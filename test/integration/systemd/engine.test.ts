import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../helpers/lab.js';
import { type BundleWish, type Called, makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';
import { show, systemctl, untilNoUnits } from './systemd-lab.js';

const oci = makeOci();
const uid = process.geteuid?.() ?? 0;
const gid = process.getegid?.() ?? 0;
const slice = `corraltest${randomBytes(4).toString('hex')}.slice`;
const made: string[] = [];

/** Whoever is not root has a systemd of his own, and is root in his containers alone. */
const USER: BundleWish =
  uid === 0
    ? {}
    : {
        namespaces: ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup', 'user'],
        linux: {
          uidMappings: [{ containerID: 0, hostID: uid, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: gid, size: 1 }],
        },
      };
const MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] },
];
const LIMITS = { memory: { limit: 67_108_864 }, cpu: { quota: 50_000, period: 100_000 }, pids: { limit: 32 } };

function call(...args: readonly string[]): Called {
  const { XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: bus } = process.env;
  const env = { ...(runtime && { XDG_RUNTIME_DIR: runtime }), ...(bus && { DBUS_SESSION_BUS_ADDRESS: bus }) };
  return oci.callWith({ env }, '--systemd-cgroup', ...args);
}

function ok(...args: readonly string[]): string {
  const { code, stdout, stderr } = call(...args);
  expect(stderr.replace(/^time=.*level=warning.*\n/gm, '')).toBe('');
  expect(code).toBe(0);
  return stdout;
}

/** Creates a container with limits. @param cgroupsPath - @ stands for its id; absent: none is said */
function create(cgroupsPath?: string): { readonly id: string; readonly unit: string } {
  const wish = { ...USER, script: 'sleep 1000', mounts: MOUNTS, annotations: {} };
  const { id, directory } = oci.bundle({
    ...wish,
    linux: { resources: LIMITS, ...USER.linux, cgroupsPath: cgroupsPath?.replace('@', 'one') ?? '' },
  });
  made.push(id);
  ok('create', '--bundle', directory, id);
  return { id, unit: cgroupsPath === undefined ? `corral-${id}.scope` : 'pre-one.scope' };
}

const pathOf = (unit: string): string => `/sys/fs/cgroup${show(unit, 'ControlGroup')['ControlGroup'] ?? ''}`;
const statusOf = (id: string): unknown => (JSON.parse(ok('state', id)) as { readonly status: string }).status;

beforeEach((context) => {
  requires(context, { systemd: true });
});

afterEach(async () => {
  for (const id of made.splice(0)) call('delete', '--force', id);
  await untilNoUnits('pre-*');
});

afterAll(() => {
  if (existsSync('/run/systemd/system')) systemctl('stop', slice);
});

describe('with systemd', () => {
  test('an engine’s container is in the unit that it names, with its limits, from its creation on', () => {
    const { id, unit } = create(`${slice}:pre:@`);
    expect(show(unit, 'Slice', 'Delegate', 'ActiveState', 'MemoryMax', 'CPUQuotaPerSecUSec', 'TasksMax')).toEqual({
      Slice: slice,
      Delegate: 'yes',
      ActiveState: 'active',
      MemoryMax: '67108864',
      CPUQuotaPerSecUSec: '500ms',
      TasksMax: '32',
    });
    const { pid } = JSON.parse(ok('state', id)) as { readonly pid: number };
    expect(readFileSync(join(pathOf(unit), 'cgroup.procs'), 'utf8')).toBe(`${String(pid)}\n`);
    expect(readFileSync(join(pathOf(unit), 'memory.max'), 'utf8')).toBe('67108864\n');

    ok('start', id);

    expect(statusOf(id)).toBe('running');
    expect(ok('exec', id, 'cat', '/proc/self/cgroup')).toBe('0::/\n');
  });

  test('one that names none is in a scope of its own name', () => {
    const { unit } = create();
    expect(show(unit, 'Slice', 'ActiveState')).toEqual({
      Slice: uid === 0 ? 'system.slice' : 'user.slice',
      ActiveState: 'active',
    });
  });

  test('an update changes the unit and the files, and a daemon-reload does not undo it', () => {
    const { id, unit } = create(`${slice}:pre:@`);
    ok('start', id);
    ok('update', '--memory', '33554432', '--pids-limit', '20', id);
    systemctl('daemon-reload');
    expect(show(unit, 'MemoryMax', 'TasksMax')).toEqual({ MemoryMax: '33554432', TasksMax: '20' });
    expect(readFileSync(join(pathOf(unit), 'memory.max'), 'utf8')).toBe('33554432\n');
    expect(readFileSync(join(pathOf(unit), 'pids.max'), 'utf8')).toBe('20\n');
  });

  test('it is paused and resumed, and its unit goes with its process', async () => {
    const { id, unit } = create(`${slice}:pre:@`);
    ok('start', id);
    ok('pause', id);
    expect(statusOf(id)).toBe('paused');
    ok('resume', id);
    ok('kill', id, 'KILL');
    await until(() => statusOf(id) === 'stopped', 'it has stopped');
    await until(() => show(unit, 'ActiveState')['ActiveState'] === 'inactive', 'its unit is gone');
    ok('delete', id);
  });

  test('delete --force ends all of it', async () => {
    const { id } = create(`${slice}:pre:@`);
    ok('start', id);
    ok('exec', '--detach', id, 'sh', '-c', 'setsid sleep 1001 & setsid sleep 1002');
    ok('delete', '--force', id);
    await untilNoUnits('pre-*');
    expect(call('state', id).stderr).toMatch('container does not exist');
  });

  test.each(['/a/path', `${slice}:../up:x`, 'no-slice:pre:x', 'a:b:c:d'])('refuses %s, and leaves nothing', (path) => {
    const { id, directory } = oci.bundle({ ...USER, mounts: MOUNTS, linux: { ...USER.linux, cgroupsPath: path } });
    expect(call('create', '--bundle', directory, id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`/linux/cgroupsPath: ${JSON.stringify(path)} is not of the form`) as string,
    });
    expect(call('list', '-q').stdout).toBe('');
  });
});
