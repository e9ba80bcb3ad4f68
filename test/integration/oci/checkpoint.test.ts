import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requiresCriu } from '../../helpers/criu.js';
import { FdReceiver } from '../../helpers/fd-receiver.js';
import { bindOf, mountOf } from '../../helpers/engine.js';
import { until } from '../../helpers/lab.js';
import { type Bundle, OCI_MOUNTS, makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

/** Counts on, for as long as it lives, in a file that the test can read. */
const script = 'i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.05; done';

const imagesIn = (): string => join(oci.lab.directory(), 'images');

function countOf({ rootfs }: Bundle): number {
  const path = join(rootfs, 'count');
  return existsSync(path) ? Number(readFileSync(path, 'utf8').trim() || '0') : 0;
}

const untilCounts = (bundle: Bundle, from = 2): Promise<void> =>
  until(() => countOf(bundle) > from, 'the container counts');

describe('without a criu that works', () => {
  it('a container goes on, and who wants to save or restore it is told what is missing', async (context) => {
    requires(context, { root: true, cgroup: true });
    const box = oci.start({ script });
    const images = imagesIn();
    const missing = 'find no-such-criu: no such program: CRIU is not installed';
    oci.refuses(['--criu', 'no-such-criu', 'checkpoint', '--image-path', images, box.id], missing);
    expect(existsSync(images)).toBe(false);
    await untilCounts(box);
    mkdirSync(images);
    writeFileSync(join(images, 'descriptors.json'), '["/dev/null","/dev/null","/dev/null"]');
    const { directory, id } = oci.bundle({ script });
    oci.refuses(['--criu', 'no-such-criu', 'restore', '--bundle', directory, '--image-path', images, id], missing);
    oci.refuses(['state', id], 'container does not exist');
    expect(oci.status(box.id)).toBe('running');
  });

  it('one that ends in the middle of the conversation is told of, and the container goes on', (context) => {
    requires(context, { root: true, cgroup: true });
    const { id } = oci.start({ script });
    const images = imagesIn();
    const words = /criu: it has ended in the middle of it|send to criu: EPIPE/;
    oci.refuses(['--criu', '/bin/false', 'checkpoint', '--image-path', images, id], words);
    expect(readdirSync(images)).toEqual([]);
    expect(oci.status(id)).toBe('running');
  });

  it('what cannot be is refused before criu is asked', (context) => {
    requires(context, { root: true, cgroup: true });
    const { id, directory } = oci.create({ script });
    const images = imagesIn();
    const refuses = (words: string, ...args: readonly string[]): void => {
      oci.refuses(['checkpoint', '--image-path', images, ...args], words);
    };
    refuses('Container cannot be checkpointed in created state', id);
    refuses('container does not exist', 'nobody');
    refuses('"pid" is not network', '--empty-ns', 'pid', id);
    refuses('Allowed choices are ignore, soft, full, strict', '--manage-cgroups-mode', 'none', id);
    refuses('"here" is not ADDRESS:PORT', '--page-server', 'here', id);
    refuses('"77" is not an open descriptor', '--status-fd', '77', id);
    const restore = ['restore', '--bundle', directory, '--image-path'];
    oci.refuses([...restore, oci.lab.directory(), 'new'], 'it holds no checkpoint');
    oci.refuses([...restore, images, '--no-pivot', 'new'], '--no-pivot');
    expect(oci.status(id)).toBe('created');
    expect(existsSync(images)).toBe(false);
  });

  it('engines find out that there are checkpoints, and what restore takes, as they do with runc', () => {
    // podman asks in this way.
    expect(oci.call('checkpoint', '--help').code).toBe(0);
    oci.refuses(['restore', '--lsm-mount-context'], 'flag needs an argument');
  });
});

describe('with a criu that works', () => {
  const save = ({ id }: Bundle, ...more: readonly string[]): string => {
    const images = imagesIn();
    oci.ok('checkpoint', '--image-path', images, ...more, id);
    return images;
  };
  const restore = ({ directory, id }: Bundle, images: string, ...more: readonly string[]): void => {
    oci.ok('restore', '--detach', '--bundle', directory, '--image-path', images, ...more, id);
  };

  it('a container is saved, goes, and goes on where it was, as one that was created and started', async (context) => {
    requires(context, { root: true, cgroup: true, controllers: ['memory'] });
    requiresCriu(context);
    const data = oci.lab.directory();
    const box = oci.start({
      script,
      mounts: [
        ...OCI_MOUNTS,
        { ...mountOf('/sys', 'sysfs', ['ro']) },
        { ...mountOf('/sys/fs/cgroup', 'cgroup', ['ro']) },
        { ...bindOf(data, '/data') },
      ],
      linux: {
        maskedPaths: ['/proc/timer_list', '/proc/acpi', '/sys/firmware'],
        readonlyPaths: ['/proc/sys'],
        resources: { memory: { limit: 64 << 20 } },
        seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdirat'], action: 'SCMP_ACT_ERRNO' }] },
      },
    });
    await untilCounts(box);
    const images = save(box);
    oci.refuses(['state', box.id], 'container does not exist');
    const stopped = countOf(box);
    const pidFile = join(data, 'pid');
    restore(box, images, '--pid-file', pidFile);
    const pid = oci.pid(box.id);
    expect(oci.status(box.id)).toBe('running');
    expect(readFileSync(pidFile, 'utf8')).toBe(String(pid));
    await untilCounts(box, stopped);
    oci.refuses(['start', box.id], 'cannot start an already running container');
    const inside = 'cat /proc/1/comm; echo x >/data/new; cat /proc/timer_list';
    expect(oci.ok('exec', box.id, 'sh', '-c', inside)).toBe('sh\n');
    expect(readFileSync(join(data, 'new'), 'utf8')).toBe('x\n');
    expect(JSON.parse(oci.ok('ps', '--format', 'json', box.id))).toContain(pid);
    const proc = (file: string): string => readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
    expect(proc('cgroup')).toContain(`:/${oci.lab.cgroupParent}/${box.id}\n`);
    expect(proc('status')).toMatch(/^Seccomp:\s*2$/m);
    oci.ok('pause', box.id);
    expect(oci.status(box.id)).toBe('paused');
    oci.ok('resume', box.id);
    oci.ok('kill', box.id, 'KILL');
    await until(() => oci.status(box.id) === 'stopped', 'it has ended');
    oci.ok('delete', box.id);
  });

  it('one that is left running goes on, and its copy is another container', async (context) => {
    requires(context, { root: true, cgroup: true });
    requiresCriu(context);
    const box = oci.start({ script });
    await untilCounts(box);
    const images = save(box, '--leave-running', '--work-path', join(oci.lab.directory(), 'work'));
    expect(oci.status(box.id)).toBe('running');
    expect(readdirSync(images)).not.toContain('dump.log');
    // A root file system that has no mount points yet.
    const copy = oci.bundle({ script });
    cpSync(join(box.rootfs, 'count'), join(copy.rootfs, 'count'));
    const before = countOf(copy);
    restore(copy, images);
    await untilCounts(copy, before);
    const pid = oci.pid(copy.id);
    expect(pid).not.toBe(oci.pid(box.id));
    expect(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8')).toContain(`:/${oci.lab.cgroupParent}/${copy.id}\n`);
  });

  it('its hooks run, and one that fails leaves nothing', async (context) => {
    requires(context, { root: true, cgroup: true });
    requiresCriu(context);
    const box = oci.start({ script });
    await untilCounts(box);
    const images = save(box);
    const path = join(box.directory, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    const withHook = (hook: string): void => {
      const hooks = { createRuntime: [{ path: '/bin/sh', args: ['sh', '-c', hook] }] };
      writeFileSync(path, JSON.stringify({ ...config, hooks }));
    };
    withHook('exit 7');
    oci.refuses(['restore', '--detach', '--bundle', box.directory, '--image-path', images, box.id], 'createRuntime');
    oci.refuses(['state', box.id], 'container does not exist');
    const told = join(oci.lab.directory(), 'told');
    withHook(`cat >${told}`);
    restore(box, images);
    const state = JSON.parse(readFileSync(told, 'utf8')) as unknown;
    expect(state).toMatchObject({ id: box.id, status: 'creating', pid: oci.pid(box.id) });
  });

  it('in the foreground, restore ends as the container does, and leaves none', async (context) => {
    requires(context, { root: true, cgroup: true });
    requiresCriu(context);
    const box = oci.start({ script: `trap "exit 5" TERM; ${script}` });
    await untilCounts(box);
    const images = save(box);
    const stopped = countOf(box);
    const running = oci.begin({}, 'restore', '--bundle', box.directory, '--image-path', images, box.id);
    await untilCounts(box, stopped);
    oci.ok('kill', box.id);
    expect(await running.ended).toMatchObject({ code: 5 });
    oci.refuses(['state', box.id], 'container does not exist');
  });

  it('what this kernel cannot do is refused by name', (context) => {
    requires(context, { root: true, cgroup: true });
    requiresCriu(context);
    if (spawnSync('criu', ['check', '--feature', 'mem_dirty_track']).status === 0)
      context.skip('this kernel tracks changes of memory');
    const { id } = oci.start({ script });
    const words = '--pre-dump needs a kernel that tracks changes of memory';
    oci.refuses(['checkpoint', '--pre-dump', '--image-path', imagesIn(), id], words);
    expect(oci.status(id)).toBe('running');
  });

  it('a terminal is handed over once more', async (context) => {
    requires(context, { root: true, cgroup: true });
    requiresCriu(context);
    await using sockets = await FdReceiver.listen(oci.lab.directory());
    const box = oci.bundle({ script, process: { terminal: true } });
    const taken = async (call: Promise<{ readonly code: number | null; readonly stderr: string }>): Promise<number> => {
      const [{ fds }, { code, stderr }] = await Promise.all([sockets.receive(), call]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(fds).toHaveLength(1);
      return fds[0] ?? -1;
    };
    const socket = ['--bundle', box.directory, '--console-socket', sockets.path];
    const first = await taken(oci.begin({}, 'create', ...socket, box.id).ended);
    oci.ok('start', box.id);
    await untilCounts(box);
    const images = save(box);
    closeSync(first);
    const stopped = countOf(box);
    const options = ['--detach', '--image-path', images, ...socket];
    const second = await taken(oci.begin({}, 'restore', ...options, box.id).ended);
    await untilCounts(box, stopped);
    closeSync(second);
  });
});
