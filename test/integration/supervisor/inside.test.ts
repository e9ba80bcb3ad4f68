import { spawn } from 'node:child_process';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeBoxes } from '../../helpers/boxes.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { connect, makeInsideLab } from './inside-lab.js';

const lab = makeLab();
const inside = makeInsideLab(lab);
const { box } = makeBoxes(lab);

beforeEach((context) => {
  requires(context, { cgroup2: true });
});

/** Starts a process that waits, in a script of a caller's. */
const SLEEPER = `const { spawn } = await import('node:child_process');
  const sleeper = () => spawn('sleep', ['1000'], { stdio: 'ignore' });`;

/** Who calls, in the container: root, and a user without privileges. */
const USERS = [
  ['root', { user: '0:0' }, 0],
  ['a user without privileges', { user: '1000:1000' }, 1000],
] as const;

describe.each(USERS)('%s in a container', (_, options, uid) => {
  beforeEach((context) => {
    // A supervisor that is not root's has nothing to give to others.
    if (uid !== 0) requires(context, { root: true });
  });

  it('makes cgroups that belong to it, and lists them', async () => {
    const container = await box('true', { api: true });
    const script = `const call = await connect();
      return [await call('create', 'a'), await call('create', 'a/b'), await call('list'), await call('list', 'a'),
        await call('list', '', { recursive: true }), await call('create', 'a'), await call('create', 'c/d')];`;
    const a = { path: 'a', uid, gid: uid, populated: false, frozen: false };
    const b = { ...a, path: 'a/b' };
    // Where the supervisor's user is root in the container, that has a name for whose the leaf is.
    const owner = process.geteuid?.() === 0 ? {} : { uid: 0, gid: 0 };
    const leaf = { path: 'exec-1', populated: true, frozen: false, ...owner };
    expect(await inside.ask(container, script, options)).toEqual([
      {},
      {},
      { result: { cgroups: [a, leaf], truncated: false } },
      { result: { cgroups: [b], truncated: false } },
      { result: { cgroups: [a, b, leaf], truncated: false } },
      {
        error: expect.objectContaining({
          code: 'EEXIST',
          message: expect.stringMatching(/^make cgroup "a": EEXIST/) as string,
        }) as object,
      },
      {
        error: expect.objectContaining({
          code: 'ENOENT',
          message: expect.stringMatching(/^open cgroup "c": ENOENT/) as string,
        }) as object,
      },
    ]);
  });

  it('moves its processes there, by the pids that it knows them by, and lists them', async () => {
    const container = await box('true', { api: true });
    const script = `${SLEEPER} const call = await connect();
      const one = sleeper();
      await call('create', 'a'); await call('create', 'a/b');
      const moved = [await call('move', 'a/b', one.pid), await call('move', 'a', process.pid)];
      const at = sh('cat /proc/' + one.pid + '/cgroup').split('::')[1];
      const base = await call('scope');
      const back = await call('move', '', process.pid);
      return { moved, at, own: own(), base: base.result.base.split('/').pop(), back,
        pids: [one.pid, process.pid], tasks: [await call('tasks', 'b'), await call('tasks', '', { recursive: true })] };`;
    const said = (await inside.ask(container, script, options)) as Record<string, unknown>;
    const [one, self] = said['pids'] as number[];
    // Once it is in a, that is its own cgroup: it has let itself down.
    expect(said).toMatchObject({
      moved: [{}, {}],
      at: '/a/b',
      own: '/a',
      base: 'a',
      back: {},
      tasks: [
        { result: { pids: [one], hidden: 0 } },
        { result: { pids: [one, self].sort((x = 0, y = 0) => x - y), hidden: 0 } },
      ],
    });
  });

  it('sets and reads values; of several all or none are set', async () => {
    const container = await box('true', { api: true });
    const script = `const call = await connect();
      await call('create', 'a', { values: { 'cgroup.max.descendants': 7 } });
      const names = ['cgroup.max.descendants', 'cgroup.max.depth'];
      return [await call('get', 'a', names), await call('set', 'a', { 'cgroup.max.depth': 3, 'cgroup.max.descendants': 'max' }),
        await call('get', 'a', names),
        await call('set', 'a', { 'cgroup.max.depth': 5, 'cgroup.subtree_control': '+nosuch' }),
        await call('set', 'a', { 'cgroup.max.depth': 5, 'memory.max': 'much' }),
        await call('set', 'a', { 'cgroup.procs': '1' }), await call('set', 'a', { 'memory.current': '1' }), await call('get', 'a', ['cgroup.procs']),
        await call('get', 'a', names)];`;
    const refused = (message: RegExp): object => ({
      error: expect.objectContaining({ message: expect.stringMatching(message) as string }) as object,
    });
    expect(await inside.ask(container, script, options)).toEqual([
      { result: { 'cgroup.max.descendants': '7', 'cgroup.max.depth': 'max' } },
      {},
      { result: { 'cgroup.max.descendants': 'max', 'cgroup.max.depth': '3' } },
      refused(/^write "\+nosuch" to cgroup\.subtree_control of "a": EINVAL/),
      refused(/^memory\.max: "much" is not a size such as 256M, or max$/),
      refused(/^values: "cgroup\.procs" is not a value of a cgroup that can be set here/),
      refused(/^values: "memory\.current" is not a value that can be set: it can only be read$/),
      refused(/^names: "cgroup\.procs" is not a value of a cgroup that can be read here/),
      { result: { 'cgroup.max.descendants': 'max', 'cgroup.max.depth': '3' } },
    ]);
  });

  it('freezes, thaws, signals and kills what is in them', async () => {
    const container = await box('true', { api: true });
    const script = `${SLEEPER} const call = await connect();
      const [one, two] = [sleeper(), sleeper()];
      const ended = (child) => new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal)));
      const ends = [ended(one), ended(two)];
      await call('create', 'a'); await call('create', 'a/b');
      await call('move', 'a', one.pid); await call('move', 'a/b', two.pid);
      const frozen = [await call('freeze', 'a'), (await call('get', 'a', ['cgroup.events'])).result, await call('thaw', 'a')];
      await call('move', 'a', one.pid);
      const signalled = [await call('signal', 'a/b', 'TERM'), await ends[1]];
      const killed = [await call('kill', 'a', { remove: true }), await ends[0]];
      return { frozen, signalled, killed, left: await call('list', '') };`;
    expect(await inside.ask(container, script, options)).toMatchObject({
      frozen: [{}, { 'cgroup.events': 'populated 1\nfrozen 1' }, {}],
      signalled: [{ result: { processes: 1, complete: true, frozen: false } }, 'SIGTERM'],
      killed: [{ result: { processes: 1, rung: 'cgroup.kill', removed: true } }, 'SIGKILL'],
      left: { result: { cgroups: [{ path: 'exec-1' }] } },
    });
  });

  it('removes them, with those below them, at once or when nobody is in them', async () => {
    const container = await box('true', { api: true });
    const script = `${SLEEPER} const call = await connect();
      const one = sleeper();
      for (const path of ['a', 'a/b', 'a/b/c', 'd', 'd/e']) await call('create', path);
      await call('move', 'd/e', one.pid);
      const said = [await call('remove', 'a'), await call('remove', 'a/b/c'), await call('remove', 'a', { recursive: true }),
        await call('remove', 'd', { recursive: true }), await call('remove', 'd', { whenEmpty: true }), await call('remove', 'd', { whenEmpty: true })];
      const before = await call('list', '', { recursive: true });
      one.kill('SIGKILL');
      for (let left = true; left; ) left = (await call('list')).result.cgroups.some(({ path }) => path === 'd');
      return { said, before: before.result.cgroups.map(({ path }) => path) };`;
    const busy = (hint: RegExp): object => ({ error: { code: 'EBUSY', hint: expect.stringMatching(hint) as string } });
    expect(await inside.ask(container, script, options)).toMatchObject({
      said: [busy(/cgroups below it/), {}, {}, busy(/processes in it/), {}, {}],
      before: ['d', 'd/e', 'exec-1'],
    });
    expect(inside.whenEmpty.size).toBe(0);
  });
});

describe('in a container', () => {
  it('root gives a cgroup to a user of the container, who goes on with it; the user gives nothing to others', async (context) => {
    requires(context, { root: true });
    const container = await box('true', { api: true });
    const given = `const call = await connect(); await call('create', 'a');
      return [await call('chown', 'a', { uid: 1000, gid: 1000 }), (await call('list')).result.cgroups[0]];`;
    expect(await inside.ask(container, given)).toEqual([{}, expect.objectContaining({ uid: 1000, gid: 1000 })]);
    const script = `const call = await connect();
      return [await call('create', 'a/b'), await call('set', 'a', { 'cgroup.max.depth': 3 }), await call('chown', 'a', { uid: 0 }),
        await call('chown', 'a', { gid: 0 }), await call('chown', 'a', { gid: 1000 })];`;
    const refused = { error: expect.objectContaining({ code: 'EPERM' }) as object };
    expect(await inside.ask(container, script, { user: '1000:1000' })).toEqual([{}, {}, refused, refused, {}]);
  });

  it('the kernel lets the owner of a cgroup make others in it, and hand out what is in it', async () => {
    const container = await box('true', { api: true, nest: true });
    const script = `const call = await connect(); await call('create', 'a');
      return sh('mkdir $(echo /sys/fs/cgroup/a /sys/fs/cgroup/unified/a | xargs -n 1 sh -c \\'[ -d $0 ] && echo $0/own\\') && echo done');`;
    expect(await inside.ask(container, script, { user: '0:0' })).toBe('done');
  });

  it('a supervisor that is not root’s makes none for other users of the container, and says why', async (context) => {
    if (process.geteuid?.() === 0) context.skip('needs a user without privileges');
    const container = await box('true', { api: true });
    const script = `const call = await connect(); return [await call('create', 'a'), await call('list')];`;
    const [refused, list] = (await inside.ask(container, script, { user: '1000:1000' })) as [object, object];
    expect(refused).toMatchObject({ error: { code: 'EPERM', hint: expect.stringContaining('not root') as string } });
    expect(list).toMatchObject({ result: { cgroups: [{ path: 'exec-1' }] } });
  });

  it('its supervisor’s own user manages it from outside', async () => {
    const container = await box('true', { api: true });
    const call = await connect(inside.socket);
    try {
      const where = { in: container.id };
      expect(await call('create', where, 'a')).toEqual({});
      const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
      expect(await call('list', where)).toMatchObject({
        result: { cgroups: [{ path: 'a', uid: process.geteuid?.(), gid: process.getegid?.() }] },
      });
      // One of the host's is in no container, so not even the owner moves it into one by this way.
      expect(await call('move', where, 'a', child.pid)).toMatchObject({ error: { code: 'ESRCH' } });
      child.kill('SIGKILL');
      const { pid } = container;
      expect(await call('move', where, 'a', pid)).toEqual({});
      expect(await call('tasks', where, 'a')).toEqual({ result: { pids: [pid], hidden: 0 } });
      expect(inside.scopes[0]).toMatchObject({ kind: 'owner' });
    } finally {
      call.close();
    }
  });
});
