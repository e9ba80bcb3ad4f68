import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { listCgroups } from '../../helpers/leaks.js';
import { makeOci } from '../../helpers/oci.js';
import { hasController, requires } from '../../helpers/requires.js';

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

const IDLE = { script: 'exec sleep 1000' };

/** Some kernels of the lab's do not tell when they were booted, and ps(1) ends with that. */
function requiresPs(context: TestContext): void {
  requires(context, { programs: ['ps'] });
  const { status, stderr } = spawnSync('ps', ['-ef'], { encoding: 'utf8' });
  if (status !== 0) context.skip(`needs a ps(1) that works: ${stderr.trim()}`);
}

describe('ps', () => {
  it('lists processes as JSON, and as ps(1) does', async (context) => {
    requiresPs(context);
    const { id } = oci.start({ script: 'sleep 1001 & exec sleep 1000' });
    await until(() => oci.ok('ps', '--format', 'json', id).split(',').length === 2, 'both processes');
    const pids = JSON.parse(oci.ok('ps', '-f', 'json', id)) as readonly number[];
    expect(pids).toContain(oci.pid(id));
    const [head, ...rows] = oci.ok('ps', id).trimEnd().split('\n');
    expect(head).toMatch(/UID +PID +PPID/);
    expect(rows.map((row) => row.trim().split(/ +/)[1]).sort()).toEqual(pids.map(String).sort());
    expect(oci.ok('ps', id, '-eo', 'pid,args')).toMatch(/^ +PID COMMAND\n( *\d+ sleep 100[01]\n){2}$/);
  });

  it('refuses options of ps(1) that it does not know, and those without ids', (context) => {
    requiresPs(context);
    const { id } = oci.start(IDLE);
    oci.refuses(['ps', id, '--nonsense'], /run ps: /);
    oci.refuses(['ps', id, '-eo', 'args'], /its output has no column PID/);
  });
});

describe('list', () => {
  it('has all formats, and every status', async () => {
    expect(oci.ok('list')).toMatch(/^ID +PID +STATUS +BUNDLE +CREATED +OWNER\n$/);
    expect(oci.ok('list', '--format', 'json')).toBe('[]\n');
    const created = oci.create();
    const running = oci.start(IDLE);
    const paused = oci.start(IDLE);
    oci.ok('pause', paused.id);
    const stopped = oci.start({ script: 'true' });
    await until(() => oci.status(stopped.id) === 'stopped', 'its end');
    const expected = new Map([
      [created.id, 'created'],
      [running.id, 'running'],
      [paused.id, 'paused'],
      [stopped.id, 'stopped'],
    ]);
    const listed = JSON.parse(oci.ok('list', '-f', 'json')) as readonly {
      readonly id: string;
      readonly status: string;
    }[];
    expect(new Map(listed.map(({ id, status }) => [id, status]))).toEqual(expected);
    expect(listed.find(({ id }) => id === running.id)).toEqual(JSON.parse(oci.ok('state', running.id)));
    expect(oci.ok('list', '-q').trim().split('\n').sort()).toEqual([...expected.keys()].sort());
    const rows = oci.ok('list').trimEnd().split('\n').slice(1);
    expect(new Map(rows.map((row) => row.split(/ +/)).map(([id = '', , status = '']) => [id, status]))).toEqual(
      expected,
    );
  });

  it('one state that cannot be read does not hide the others', () => {
    const { id } = oci.create();
    const broken = join(oci.root, 'broken.state');
    expect(existsSync(join(oci.root, `${id}.state`))).toBe(true);
    writeFileSync(broken, 'rubbish\n');
    try {
      expect(oci.call('list', '--quiet')).toMatchObject({ code: 0, stdout: `${id}\n` });
      oci.refuses(['state', 'broken'], /broken/);
      // Nothing of it can be known: it is for people to look at.
      expect(oci.call('delete', '--force', 'broken')).toMatchObject({ code: 1 });
    } finally {
      rmSync(broken, { force: true });
    }
  });
});

/** Reads a file of the container's cgroup, wherever it is. */
const readLimit = (id: string, name: string): readonly string[] =>
  listCgroups(oci.lab.cgroupParent)
    .filter((path) => path.endsWith(`/${id}`))
    .flatMap((path) => {
      try {
        return [readFileSync(join(path, name), 'utf8').trim()];
      } catch {
        return [];
      }
    });

describe('update', () => {
  const pids = { linux: { resources: { pids: { limit: 100 } } } };

  it('takes limits as flags', (context) => {
    requires(context, { controllers: ['pids'] });
    const { id } = oci.start({ ...IDLE, ...pids });
    expect(readLimit(id, 'pids.max')).toContain('100');
    expect(oci.ok('update', '--pids-limit', '55', id)).toBe('');
    expect(readLimit(id, 'pids.max')).toContain('55');
    oci.ok('update', '--pids-limit=-1', id);
    expect(readLimit(id, 'pids.max')).toContain('max');
  });

  it.for(['a file', 'standard input'])('takes resources from %s', (from, context) => {
    requires(context, { controllers: ['pids', 'memory'] });
    const { id } = oci.start({ ...IDLE, linux: { resources: { pids: { limit: 100 }, memory: { limit: 64 << 20 } } } });
    const resources = JSON.stringify({ pids: { limit: 44 }, memory: { limit: 96 << 20 } });
    const file = join(oci.lab.directory(), 'resources.json');
    writeFileSync(file, resources);
    const called =
      from === 'a file'
        ? oci.call('update', '--resources', file, id)
        : oci.callWith({ input: resources }, 'update', '--resources', '-', id);
    expect(called).toMatchObject({ code: 0, stderr: '' });
    expect(readLimit(id, 'pids.max')).toContain('44');
    const name = readLimit(id, 'memory.max').length > 0 ? 'memory.max' : 'memory.limit_in_bytes';
    expect(readLimit(id, name)).toContain(String(96 << 20));
  });

  it('of a container that waits for its start works, too', (context) => {
    requires(context, { controllers: ['pids'] });
    const { id } = oci.create(pids);
    oci.ok('update', '--pids-limit', '33', id);
    expect(readLimit(id, 'pids.max')).toContain('33');
  });

  it('changes nothing when something is refused', (context) => {
    requires(context, { controllers: ['pids'] });
    const { id } = oci.start({ ...IDLE, ...pids });
    const file = join(oci.lab.directory(), 'resources.json');
    writeFileSync(file, JSON.stringify({ pids: { limit: 22 }, memory: { limit: 10, swap: 5 } }));
    oci.refuses(['update', '--resources', file, id], /memory/);
    writeFileSync(file, '{"pids":{"limit":"many"}}');
    oci.refuses(['update', '--resources', file, id], /\/pids\/limit: "many"/);
    expect(readLimit(id, 'pids.max')).toContain('100');
  });

  it('without any limit is an error', () => {
    const { id } = oci.start(IDLE);
    oci.refuses(['update', id], /resources/);
    oci.refuses(['update', '--resources', '/no/such', id], /no such file or directory/);
  });
});

describe('events', () => {
  it('--stats has what containerd reads, once', (context) => {
    requires(context, { controllers: ['memory', 'pids'] });
    const { id } = oci.start({ ...IDLE, linux: { resources: { pids: { limit: 100 }, memory: { limit: 64 << 20 } } } });
    const lines = oci.ok('events', '--stats', id).trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const event = JSON.parse(lines[0] ?? '') as object;
    expect(event).toMatchObject({ type: 'stats', id, data: { pids: { current: 1, limit: 100 } } });
    expect(event).toMatchObject({ data: { memory: { usage: { limit: 64 << 20 } }, cpu: { usage: {} } } });
  });

  it('go on until the container has ended', async () => {
    const { id } = oci.start(IDLE);
    const running = oci.begin({}, 'events', '--interval', '50ms', id);
    await until(() => running.said().split('\n').length > 3, 'three events');
    oci.ok('kill', id, 'KILL');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    for (const line of running.said().trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ type: 'stats', id });
  });

  it('tell when memory has run out', async (context) => {
    if (!hasController('memory')) context.skip('needs the memory controller');
    const { id } = oci.start({
      script: 'while :; do head -c 64m /dev/zero | tail >/dev/null; sleep 0.1; done',
      linux: { resources: { memory: { limit: 16 << 20, swap: 16 << 20 } } },
    });
    const running = oci.begin({}, 'events', id);
    await until(() => running.said().includes('"oom"'), 'the word of it', 20_000);
    oci.ok('kill', id, 'KILL');
    expect((await running.ended).code).toBe(0);
    expect(running.said()).toContain(`{"type":"oom","id":"${id}"}\n`);
  });
});

describe('features', () => {
  it('are told as JSON, whatever container there is', () => {
    expect(JSON.parse(oci.ok('features'))).toMatchObject({ ociVersionMin: '1.0.0', ociVersionMax: '1.3.0' });
  });
});

describe('spec', () => {
  it('writes a config.json that runs, and overwrites none', () => {
    const { directory, id, rootfs } = oci.bundle();
    const file = join(directory, 'config.json');
    oci.refuses(['spec', '--bundle', directory], /config\.json: it exists, and is not overwritten/);
    const fresh = oci.lab.directory();
    expect(oci.callWith({ cwd: fresh }, 'spec')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const made = JSON.parse(readFileSync(join(fresh, 'config.json'), 'utf8')) as Record<
      string,
      Record<string, unknown>
    >;
    expect(made['root']).toEqual({ path: 'rootfs', readonly: true });
    // Its root file system has programs here by mounts.
    const given = JSON.parse(readFileSync(file, 'utf8')) as { readonly mounts: readonly object[] };
    const mounts = given.mounts.filter((mount) => 'type' in mount && mount.type === 'bind');
    const linux = { ...made['linux'], cgroupsPath: `/${oci.lab.cgroupParent}/${id}` };
    const process = { ...made['process'], args: ['/bin/sh', '-c', 'id -u; tty; exit 3'] };
    const rest = made['mounts'] as unknown as readonly object[];
    writeFileSync(
      file,
      JSON.stringify({ ...made, process, linux, root: { path: rootfs }, mounts: [...mounts, ...rest] }),
    );
    expect(oci.call('run', '--bundle', directory, id)).toMatchObject({ code: 3, stdout: '0\r\n/dev/pts/0\r\n' });
  });
});
