import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { listCgroups } from '../../helpers/leaks.js';
import { makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

const untilStopped = (id: string): Promise<void> => until(() => oci.status(id) === 'stopped', 'the end of its process');

describe('the life of a container', () => {
  it('goes from created over running to stopped, and then it is gone', async () => {
    const { id, directory, rootfs, created } = oci.create({ script: 'echo ran; exec sleep 1000' });
    expect(created.stdout + created.stderr).toBe('');
    const state = JSON.parse(oci.ok('state', id)) as object;
    expect(state).toMatchObject({ ociVersion: '1.3.0', id, status: 'created', bundle: directory, rootfs, owner: '' });
    const { pid, created: at } = state as { readonly pid: number; readonly created: string };
    expect(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8')).toContain(`/${oci.lab.cgroupParent}/${id}`);
    expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000);
    expect(created.said()).toBe('');

    expect(oci.ok('start', id)).toBe('');
    expect(oci.status(id)).toBe('running');
    await until(() => created.said() === 'ran\n', 'the first word of its process');
    expect(oci.pid(id)).toBe(pid);

    oci.ok('kill', id, 'KILL');
    await untilStopped(id);
    expect(oci.pid(id)).toBe(0);
    oci.ok('delete', id);
    oci.refuses(['state', id], /^corral-oci: container does not exist\n$/);
    expect(listCgroups(oci.lab.cgroupParent)).toEqual([]);
  });

  it('may end before it is started', () => {
    const { id, created } = oci.create({ script: 'echo never' });
    oci.ok('delete', id);
    oci.refuses(['start', id], 'container does not exist');
    expect(created.said()).toBe('');
  });

  it('ends before it is started when it is killed', async () => {
    const { id } = oci.create({ script: 'echo never' });
    oci.ok('kill', id, '9');
    await untilStopped(id);
    oci.refuses(['start', id], 'cannot start a container that has stopped');
    oci.refuses(['kill', id], 'container not running');
    oci.ok('delete', id);
  });

  it('keeps annotations for those who ask, and corral’s own to itself', () => {
    const annotations = { 'org.example': 'yes', 'dev.corral.init': 'true' };
    const { id, created } = oci.create({ annotations });
    expect(JSON.parse(oci.ok('state', id))).toMatchObject({ annotations: { 'org.example': 'yes' } });
    expect(oci.ok('state', id)).not.toContain('dev.corral');
    expect(created.stderr).toMatch(/level=warning msg=".*dev\.corral\.init/);
  });
});

describe('what is not possible', () => {
  const VERBS: readonly (readonly string[])[] = [
    ['state'],
    ['start'],
    ['kill'],
    ['kill', '--all'],
    ['delete'],
    ['ps'],
    ['pause'],
    ['resume'],
    ['update', '--memory', '64M'],
    ['events', '--stats'],
    ['events'],
  ];

  it.for(VERBS)('of a container that is not there: %s', (words) => {
    oci.refuses([...words, 'nobody'], /^corral-oci: container does not exist\n$/);
  });

  it('of a container that is not there: exec, with 255', () => {
    oci.refuses(['exec', 'nobody', 'true'], /^corral-oci: container does not exist\n$/, 255);
  });

  it('nothing is wrong with a forced delete of one that is not there', () => {
    expect(oci.ok('delete', '--force', 'nobody')).toBe('');
  });

  it('a second one of the same id', () => {
    const { id, directory } = oci.create();
    oci.refuses(['create', '--bundle', directory, id], 'container with given ID already exists');
    oci.refuses(['run', '--bundle', directory, id], 'container with given ID already exists');
    expect(oci.status(id)).toBe('created');
  });

  it('of one that waits for its start', () => {
    const { id } = oci.create();
    oci.refuses(['resume', id], 'container not paused');
    expect(oci.status(id)).toBe('created');
  });

  it('of one that runs', () => {
    const { id } = oci.start({ script: 'exec sleep 1000' });
    oci.refuses(['start', id], 'cannot start an already running container');
    oci.refuses(['delete', id], `cannot delete container ${id} that is not stopped: running`);
    oci.refuses(['resume', id], 'container not paused');
    expect(oci.status(id)).toBe('running');
    oci.ok('delete', '--force', id);
    oci.refuses(['delete', id], 'container does not exist');
  });

  it('of one that is paused', async () => {
    const { id } = oci.start({ script: 'trap "exit 3" TERM; while :; do sleep 0.02; done' });
    oci.ok('pause', id);
    expect(oci.status(id)).toBe('paused');
    oci.refuses(['pause', id], 'container not running');
    oci.refuses(['start', id], 'cannot start a container in the paused state');
    oci.refuses(['delete', id], `cannot delete container ${id} that is not stopped: paused`);
    oci.refuses(['exec', id, 'true'], 'cannot exec in a paused container', 255);
    // A signal waits until it goes on.
    oci.ok('kill', id, 'TERM');
    expect(oci.status(id)).toBe('paused');
    oci.ok('resume', id);
    await untilStopped(id);
  });

  it('the start of one that was paused before it', () => {
    const { id, created } = oci.create({ script: 'echo ran; exec sleep 1000' });
    oci.ok('pause', id);
    expect(oci.status(id)).toBe('paused');
    oci.refuses(['start', id], 'cannot start a container in the paused state');
    oci.ok('resume', id);
    expect(oci.status(id)).toBe('created');
    oci.ok('start', id);
    expect(oci.status(id)).toBe('running');
    expect(created.stderr).toBe('');
  });

  it('of one that has ended', async () => {
    const { id } = oci.start({ script: 'exit 3' });
    await untilStopped(id);
    oci.refuses(['start', id], 'cannot start a container that has stopped');
    oci.refuses(['kill', id], 'container not running');
    oci.refuses(['kill', id, '0'], 'container not running');
    oci.refuses(['pause', id], 'container not running');
    oci.refuses(['resume', id], 'container not paused');
    oci.refuses(['exec', id, 'true'], 'cannot exec in a stopped container', 255);
    oci.refuses(['update', '--pids-limit', '5', id], 'container not running');
    expect(oci.ok('kill', '--all', id, 'KILL')).toBe('');
    expect(oci.ok('ps', '--format', 'json', id)).toBe('[]\n');
  });

  it('a kill of a paused one waits for nothing', async () => {
    const { id } = oci.start({ script: 'exec sleep 1000' });
    oci.ok('pause', id);
    oci.ok('kill', id, 'KILL');
    await untilStopped(id);
    oci.ok('delete', id);
  });

  it.for(['delete --force of one that is paused', 'delete --force of one that is paused, and was never started'])(
    '%s takes it down all the same',
    (name) => {
      const { id } = name.endsWith('started') ? oci.create() : oci.start({ script: 'exec sleep 1000' });
      oci.ok('pause', id);
      oci.ok('delete', '--force', id);
      oci.refuses(['state', id], 'container does not exist');
    },
  );
});

describe('signals', () => {
  it.for([
    ['TERM', 15],
    ['SIGUSR1', 10],
    ['sigint', 2],
    ['12', 12],
    ['35', 35],
    ['64', 64],
  ] as const)('%s gets to the first process', async ([signal, number]) => {
    const script = `exec perl -e 'use POSIX; $| = 1; sigaction(${number}, POSIX::SigAction->new(sub { print "got ${number}\n" })); print "ready\n"; sleep 1 while 1'`;
    const { id, created } = oci.start({ script });
    await until(() => created.said().includes('ready'), 'its readiness');
    oci.ok('kill', id, signal);
    await until(() => created.said().includes(`got ${number}`), 'the signal');
  });

  it.for(['NONE', 'SIG', '0x9', '-9', '65', '00', '', 'KILL TERM'])('%j is none', (signal) => {
    const { id } = oci.start({ script: 'exec sleep 1000' });
    const { code, stderr } = oci.call('kill', id, '--', signal);
    expect(stderr).toMatch(/signal: .* is not a signal/);
    expect(code).toBe(1);
    expect(oci.status(id)).toBe('running');
  });

  it('0 only asks whether somebody would get one', async () => {
    const { id } = oci.start({ script: 'exec sleep 1000' });
    expect(oci.ok('kill', id, '0')).toBe('');
    expect(oci.ok('kill', '--all', id, '0')).toBe('');
    expect(oci.status(id)).toBe('running');
    oci.ok('kill', id, 'KILL');
    await untilStopped(id);
    oci.refuses(['kill', id, '0'], 'container not running');
  });

  it('goes to all processes when all are meant', async () => {
    const script = `
      for i in 1 2 3; do perl -e '$| = 1; $SIG{USR1} = sub { print "got\n"; exit }; print "ready\n"; sleep 1 while 1' & done
      trap 'echo got' USR1; while ! wait; do :; done; echo first got; exec sleep 1000`;
    const { id, created } = oci.start({ script });
    await until(() => created.said().split('ready').length === 4, 'their readiness');
    oci.ok('kill', '--all', id, 'USR1');
    await until(() => created.said().split('got').length >= 5, 'four signals');
  });

  it('SIGKILL takes all of a container that shares the pids of another', async () => {
    const { id } = oci.start({
      script: 'setsid sleep 1000 & exec sleep 1000',
      namespaces: ['mount', 'ipc', 'uts', 'network', 'cgroup'],
    });
    await until(() => oci.ok('ps', '--format', 'json', id).split(',').length === 2, 'both processes');
    oci.ok('kill', id, 'KILL');
    await until(() => oci.ok('ps', '--format', 'json', id) === '[]\n', 'the end of both');
  });
});

describe('a rootfs that has vanished', () => {
  it('is no reason to keep a container that runs', async () => {
    const { id, rootfs, directory } = oci.start({ script: 'exec sleep 1000' });
    rmSync(directory, { recursive: true });
    // The names that are left hold bind mounts in another mount namespace: these go with them.
    rmSync(rootfs, { recursive: true, force: true });
    expect(oci.status(id)).toBe('running');
    oci.ok('kill', id, 'KILL');
    await untilStopped(id);
    oci.ok('delete', id);
  });

  it('is an error that names it, and leaves nothing', () => {
    const { id, directory, rootfs } = oci.bundle();
    rmSync(rootfs, { recursive: true });
    oci.refuses(['create', '--bundle', directory, id], new RegExp(`${rootfs}.*ENOENT`));
    oci.refuses(['state', id], 'container does not exist');
  });

  it('is an error, too, when something else is there', () => {
    const { id, directory, rootfs } = oci.bundle();
    rmSync(rootfs, { recursive: true });
    writeFileSync(rootfs, '');
    oci.refuses(['create', '--bundle', directory, id], /ENOTDIR|EINVAL/);
    expect(listCgroups(join(oci.lab.cgroupParent, id))).toEqual([]);
  });
});
