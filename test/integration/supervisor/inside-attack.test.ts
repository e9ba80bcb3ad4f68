import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import type { Container } from '../../../src/container/container.js';
import { makeBoxes } from '../../helpers/boxes.js';
import { makeLab } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';
import { type Answer, cgroupOf, makeInsideLab, refusal } from './inside-lab.js';

const lab = makeLab();
const inside = makeInsideLab(lab);
const { box } = makeBoxes(lab);

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

const ask = (container: Container, script: string, user = '0:0'): Promise<unknown> =>
  inside.ask(container, `const call = await connect();\n${script}`, { user });
/** Starts a process of the host. */
const sleeper = (): { readonly pid: number; readonly end: () => void } => {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  return { pid: child.pid ?? 0, end: () => child.kill('SIGKILL') };
};

const USERS = ['0:0', '1000:1000'] as const;

describe.each(USERS)('refused, without effect, to %s in a container', (user) => {
  it('a sibling’s cgroup: by an absolute path, a relative one, by a link, and by its name', async () => {
    const [container, sibling] = [await box('true', { api: true }), await box('true', { api: true })];
    const payload = `${readCgroupFacts().v2Top?.path ?? ''}${cgroupOf(sibling.pid)}`;
    const paths = [
      payload,
      `../../${sibling.id}/payload`,
      `x/../../../${sibling.id}`,
      '..',
      '.',
      'a//b',
      'a/',
      '/',
      '\0',
      'a\nb',
      'x'.repeat(256),
      `${'x/'.repeat(2100)}x`,
    ];
    const script = `sh('ln -sf ${payload} /tmp/link'); const said = [];
      for (const path of ${JSON.stringify(paths)})
        for (const [method, ...more] of [['list'], ['tasks'], ['get'], ['create'], ['set', { 'cgroup.freeze': 1 }], ['freeze'], ['signal', 'KILL'],
          ['kill'], ['remove'], ['chown', { uid: 0 }], ['move', process.pid]])
          said.push(await call(method, path, ...more));
      return said;`;
    const said = (await ask(container, script, user)) as Answer[];
    expect(said).toHaveLength(11 * paths.length);
    for (const answer of said) expect(answer).toEqual(refusal('ERR_OPTION', /^path: .* is not a path /));
    const links = (await ask(
      container,
      `return [await call('list', 'link'), await call('kill', '${sibling.id}'), await call('list', 'tmp/link')];`,
      user,
    )) as Answer[];
    for (const answer of links) expect(answer).toEqual(refusal('ENOENT', /^open cgroup "[^"]*": ENOENT/));
    expect(readFileSync(`/proc/${String(sibling.pid)}/stat`, 'utf8')).toMatch(/\) S /);
    // What errors say names nothing of the host.
    expect(JSON.stringify([said.map(({ error }) => error?.hint), links])).not.toContain(lab.cgroupParent);
  });

  it('its own limits, and those of the cgroups around it', async () => {
    const container = await box('true', { api: true });
    const script = `const said = [];
      for (const [method, ...more] of [['set', { 'cgroup.max.depth': 9 }], ['freeze'], ['thaw'], ['signal', 'TERM'], ['kill'], ['remove'], ['chown', { uid: 0 }]]) {
        said.push(await call(method, '', ...more)); said.push(await call(method, own().slice(1), ...more)); }
      return said;`;
    const said = (await ask(container, script, user)) as Answer[];
    said.forEach((answer, index) => {
      const expected =
        index % 2 === 0
          ? refusal('ERR_OPTION', /^path: "" is not a path below your own cgroup/)
          : refusal('EPERM', /^\w+ cgroup "exec-1": EPERM \(operation not permitted\)$/);
      expect(answer).toEqual(expected);
    });
    expect(said).toHaveLength(14);
  });

  it('a pid that is none, that is the host’s, or another container’s', async () => {
    const [container, sibling] = [await box('true', { api: true }), await box('sleep 1000 & true', { api: true })];
    const other = sleeper();
    const pids = [0, -1, 1.5, '1', null, 2 ** 31, sibling.pid, other.pid, process.pid];
    const before = [sibling.pid, other.pid, process.pid].map(cgroupOf);
    const script = `await call('create', 'a'); const said = [];
      for (const pid of ${JSON.stringify(pids)}) said.push(await call('move', 'a', pid));
      return [...said, await call('tasks', 'a')];`;
    const bad = refusal('ERR_OPTION', /^pid: .* is not the number of a process$/);
    const none = refusal('ESRCH', /^find process \d+: ESRCH/);
    expect(await ask(container, script, user)).toEqual([
      bad,
      bad,
      bad,
      bad,
      bad,
      none,
      none,
      none,
      none,
      { result: { pids: [], hidden: 0 } },
    ]);
    expect([sibling.pid, other.pid, process.pid].map(cgroupOf)).toEqual(before);
    other.end();
  });

  it('with the host’s pids in view: one that is not in its own cgroup', async () => {
    const container = await box('true', { api: true, pid: 'host' });
    const other = sleeper();
    const before = cgroupOf(other.pid);
    const script = `await call('create', 'a'); return await call('move', 'a', ${String(other.pid)});`;
    expect(await ask(container, script, user)).toEqual(refusal('ESRCH', /^find process \d+: ESRCH/));
    expect(cgroupOf(other.pid)).toBe(before);
    other.end();
  });

  it('an id that its user namespace does not have', async () => {
    const container = await box('true', { api: true });
    const script = `await call('create', 'a');
      return [await call('chown', 'a', { uid: 100000 }), await call('chown', 'a', { gid: 65536 }), await call('chown', 'a', { uid: -1 }), await call('chown', 'a', { uid: '0' }),
        (await call('list')).result.cgroups[0].uid];`;
    const unmapped = refusal('ERR_OPTION', /^[ug]id: \d+ is not mapped in your user namespace/);
    const none = refusal('ERR_OPTION', /^uid: .* is not an id$/);
    expect(await ask(container, script, user)).toEqual([unmapped, unmapped, none, none, Number(user.split(':')[0])]);
  });

  it('cgroups too deep, and too many', async () => {
    const container = await box('true', { api: true });
    const script = `const deep = Array.from({ length: 17 }, (_, index) => 'd' + index); const said = [];
      for (let depth = 1; depth <= 17; depth++) said.push(await call('create', deep.slice(0, depth).join('/')));
      let made = 16 + 1; let last;
      for (; !(last = await call('create', 'n' + made)).error; made++);
      const kept = await call('list', '', { recursive: true });
      return { said, made, last, kept: kept.result.cgroups.length };`;
    const said = (await ask(container, script, user)) as { said: Answer[]; made: number; last: Answer; kept: number };
    expect(said.said.slice(0, 16)).toEqual(Array(16).fill({}));
    expect(said.said[16]).toEqual(refusal('ERR_OPTION', /^path: .* is not a path of at most 16 names/));
    expect(said.last).toEqual(refusal('EAGAIN', /^make cgroup "n\d+": EAGAIN/));
    // The leaf of this exec is one of them.
    expect([said.made, said.kept]).toEqual([1000, 1000]);
  });

  it('names that files of controllers have, and those that corral itself needs', async () => {
    const container = await box('true', { api: true });
    const script = `const said = [];
      for (const name of ['memory.max', 'a/cgroup.procs', 'supervisor', 'exec-9']) said.push(await call('create', name));
      return said;`;
    const said = (await ask(container, script, user)) as Answer[];
    for (const answer of said) expect(answer).toEqual(refusal('ERR_OPTION', /^path: "[^"]*" is not /));
  });

  it('a move in which the process dies, and another takes over its pid', async () => {
    const container = await box('true', { api: true });
    const stranger = sleeper();
    const before = cgroupOf(stranger.pid);
    inside.faults = {
      takenOver: (held) => {
        process.kill(held.pid, 'SIGKILL');
        while (held.isAlive());
        return stranger.pid;
      },
    };
    const script = `const { spawn } = await import('node:child_process');
      const one = spawn('sleep', ['1000'], { stdio: 'ignore' }); await call('create', 'a');
      return [await call('move', 'a', one.pid), await call('tasks', 'a')];`;
    expect(await ask(container, script, user)).toEqual([
      refusal('ESRCH', /^move process \d+: ESRCH \(no such process\)$/),
      { result: { pids: [], hidden: 0 } },
    ]);
    expect(cgroupOf(stranger.pid)).toBe(before);
    stranger.end();
  });

  it('a move in which the process dies, and another one of its pid namespace is called as it was', async (context) => {
    requires(context, { programs: ['nsenter'] });
    if (!existsSync('/proc/sys/kernel/ns_last_pid')) context.skip('needs a kernel in which pids can be chosen');
    const container = await box('true', { api: true });
    const word = `1000.${String(process.pid)}`;
    inside.faults = {
      takenOver: (held) => {
        const called = String(held.status().nsPids.at(-1));
        process.kill(held.pid, 'SIGKILL');
        const script = `for try in $(seq 500); do echo $((${called} - 1)) > /proc/sys/kernel/ns_last_pid
          sleep ${word} > /dev/null 2>&1 & [ $! = ${called} ] && exit; kill $!; sleep 0.01; done; exit 1`;
        execFileSync('nsenter', ['-t', String(container.pid), '-p', 'sh', '-c', script]);
        return held.pid;
      },
    };
    const script = `const { spawn } = await import('node:child_process');
      const one = spawn('sleep', ['1000'], { stdio: 'ignore' }); await call('create', 'a');
      return [await call('move', 'a', one.pid), sh('tr "\\\\0" " " < /proc/' + one.pid + '/cmdline'), await call('move', 'a', one.pid), await call('tasks', 'a')];`;
    expect(await ask(container, script, user)).toEqual([
      refusal('ESRCH', /^move process \d+: ESRCH \(no such process\)$/),
      `sleep ${word}`,
      refusal('ESRCH', /^find process \d+: ESRCH/),
      { result: { pids: [], hidden: 0 } },
    ]);
    expect(findByArgument(word).map(cgroupOf)).toEqual([cgroupOf(process.pid)]);
  });

  it('anything above, once it has moved itself down since it connected', async () => {
    const container = await box('true', { api: true });
    const script = `for (const path of ['a', 'a/b', 'c']) await call('create', path);
      const { spawn } = await import('node:child_process');
      const one = spawn('sleep', ['1000'], { stdio: 'ignore' });
      await call('move', 'c', one.pid); await call('move', 'a', process.pid);
      const said = [await call('list'), await call('list', 'c'), await call('kill', 'c'), await call('move', 'b', one.pid), await call('move', 'b', 1), await call('set', '', { 'cgroup.freeze': 1 })];
      one.kill('SIGKILL');
      return said;`;
    const none = refusal('ENOENT', /^open cgroup "c": ENOENT/);
    const noTask = refusal('ESRCH', /^find process \d+: ESRCH/);
    expect(await ask(container, script, user)).toMatchObject([
      { result: { cgroups: [{ path: 'b' }] } },
      none,
      none,
      noTask,
      noTask,
      refusal('ERR_OPTION', /^path: "" is not/),
    ]);
  });

  it('a connection whose process has died, to whoever has it by now', async () => {
    const container = await box('true', { api: true });
    // The heir has the connection as descriptor 3, and waits until its parent is gone.
    const heir = `const { Socket } = require('node:net'); const socket = new Socket({ fd: 3, readable: true, writable: true }); const parent = Number(process.argv[1]);
      const timer = setInterval(() => { if (process.ppid === parent) return; clearInterval(timer);
        socket.write(JSON.stringify({ method: 'list', args: [] }) + '\\n'); socket.once('data', (data) => { process.stdout.write(data); process.exit(); }); }, 5);`;
    const parent = `const socket = require('node:net').createConnection('${inside.inside}').once('connect', () => {
        socket.write(JSON.stringify({ method: 'list', args: [] }) + '\\n');
        socket.once('data', () => { socket.pause();
          require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(heir)}, String(process.pid)], { stdio: ['ignore', 'inherit', 'inherit', socket], detached: true }).unref();
          process.kill(process.pid, 'SIGKILL'); }); });`;
    const script = `const { spawnSync } = await import('node:child_process');
      const { stdout, stderr } = spawnSync(process.execPath, ['-e', ${JSON.stringify(parent)}], { encoding: 'utf8' });
      return stderr === '' ? JSON.parse(stdout) : stderr;`;
    expect(await ask(container, script, user)).toEqual(refusal('ESRCH', /^identify process: ESRCH/));
  });
});
