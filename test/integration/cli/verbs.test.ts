import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import { findByArgument } from '../../helpers/leaks.js';
import { until } from '../../helpers/lab.js';
import { makeMarker } from '../../helpers/orphans.js';
import { makeReadableCopy } from '../../helpers/readable-copy.js';
import { requires } from '../../helpers/requires.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const parse = (text: string): unknown => JSON.parse(text);

describe('corral exec', () => {
  it('runs another command in there, with or without --', async () => {
    await lab.box('web', ['--hostname', 'inside', '-e', 'A=1']);
    expect(await lab.corral(['exec', 'web', 'hostname'])).toMatchObject({ code: 0, stdout: 'inside\n' });
    expect(await lab.corral(['exec', '-e', 'B=2', 'web', '--', 'sh', '-c', 'echo $A$B'])).toMatchObject({
      stdout: '12\n',
    });
    expect(await lab.corral(['exec', '-i', 'web', 'cat'], { input: 'in' })).toMatchObject({ stdout: 'in' });
    expect(await lab.corral(['exec', 'web', 'echo', '-n', '--'])).toMatchObject({ stdout: '--' });
    expect(await lab.corral(['exec', '-u', 'nobody', '-w', '/usr', 'web', 'sh', '-c', 'pwd; id -un'])).toMatchObject({
      stdout: '/usr\nnobody\n',
    });
  });

  it('has the exit codes of run', async () => {
    await lab.box('web');
    expect(await lab.corral(['exec', 'web', 'sh', '-c', 'exit 3'])).toMatchObject({ code: 3, stderr: '' });
    expect(await lab.corral(['exec', 'web', 'sh', '-c', 'kill -9 $$'])).toMatchObject({ code: 137 });
    expect(await lab.corral(['exec', 'web', 'no-such-program'])).toMatchObject({ code: 127 });
    expect(await lab.corral(['exec', 'web', '/etc/hostname'])).toMatchObject({ code: 126 });
    expect(await lab.corral(['exec', '--timeout', '100ms', 'web', 'sleep', '100'])).toMatchObject({ code: 124 });
    expect(await lab.corral(['exec', 'nobody', 'true'])).toMatchObject({
      code: 125,
      stderr: 'corral: container "nobody" does not exist\n',
    });
  });

  it('hands signals on, and the second that asks for the end kills the command alone, with its children', async () => {
    await lab.box('web');
    const marker = makeMarker();
    const script = `trap "echo no" TERM; sh -c 'trap "" TERM; while :; do sleep 0.05; done' ${marker} & echo ready; while :; do sleep 0.05; done`;
    const started = lab.start(['exec', 'web', 'sh', '-c', script]);
    await until(() => started.output().includes('ready') && findByArgument(marker).length > 0, 'it runs');
    started.process.kill('SIGTERM');
    await until(() => started.output() === 'ready\nno\n', 'the first has arrived');
    started.process.kill('SIGTERM');
    expect(await started.ended).toMatchObject({ code: 137 });
    expect(findByArgument(marker)).toEqual([]);
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('web\n');
  });
});

describe('corral ps', () => {
  it('lists what runs', async () => {
    await lab.box('web', [], ['sleep', '1001']);
    await lab.box('db', ['--no-init'], ['sleep', '1002']);
    const { stdout } = await lab.corral(['ps']);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^NAME +STATUS +PID +PROCS +CPU +MEMORY +CREATED +COMMAND$/);
    expect(rows[0]).toMatch(/^db +running +\d+ +1 .* ago +sleep 1002$/);
    expect(rows[1]).toMatch(/^web +running +\d+ +2 .* ago +sleep 1001$/);
    expect(await lab.corral(['ps', '-q'])).toMatchObject({ stdout: 'db\nweb\n' });
    expect(parse((await lab.corral(['ps', '--json'])).stdout)).toMatchObject([
      { id: 'db', status: 'running', processes: 1 },
      { id: 'web', status: 'running', command: ['sleep', '1001'], processes: 2 },
    ]);
  });

  it('with nothing to list prints the header, or an empty list', async () => {
    expect((await lab.corral(['ps'])).stdout).toMatch(/^NAME.*\n$/);
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('');
    expect((await lab.corral(['ps', '--json'])).stdout).toBe('[]\n');
  });

  it('lets no command write to the terminal', async () => {
    await lab.box('sly', [], ['sh', '-c', 'sleep 1000', '\u001b[31mred\n']);
    const { stdout } = await lab.corral(['ps']);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stdout).toContain(String.raw`$'\x1b[31mred\n'`);
  });
});

describe('corral kill', () => {
  it('kills, and says what', async () => {
    const web = await lab.box('web');
    const db = await lab.box('db');
    const killed = await lab.corral(['kill', 'web', 'db', 'web']);
    expect(killed).toMatchObject({ code: 0, stderr: '' });
    expect(killed.stdout).toMatch(/^web: 2 processes killed in \d+ms\ndb: 2 processes killed in \d+ms\n$/);
    expect(await web.ended).toMatchObject({ code: 137, stderr: '' });
    expect(await db.ended).toMatchObject({ code: 137, stderr: '' });
  });

  it('with --dry-run lists what would die, and kills nothing', async () => {
    await lab.box('web', [], ['sleep', '1003']);
    const { stdout, code } = await lab.corral(['kill', '--dry-run', '--all']);
    expect(stdout).toMatch(/^web: 2 processes would be killed\n +\d+ {2}corral-init\n +\d+ {2}sleep 1003\n$/);
    expect(code).toBe(0);
    expect(parse((await lab.corral(['kill', '--dry-run', '--json', 'web'])).stdout)).toMatchObject([
      { id: 'web', processes: 2, pids: [expect.any(Number), expect.any(Number)] },
    ]);
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('web\n');
  });

  it('with --exec kills one exec, with its daemons, and nothing else', async () => {
    await lab.box('web');
    const script = '(setsid sleep 1004 &); echo up; sleep 1005';
    const exec = lab.start(['exec', 'web', 'sh', '-c', script]);
    await until(() => exec.output().includes('up'), 'it runs');
    const { stdout } = await lab.corral(['kill', '--dry-run', '--exec', '1', 'web']);
    expect(stdout).toMatch(/^web: 3 processes would be killed\n( +\d+ {2}s(h|leep) .*\n){3}$/);
    expect(await lab.corral(['kill', '--exec', 'exec-2', 'web'])).toMatchObject({
      code: 1,
      stderr:
        'corral: exec "exec-2" of "web" does not exist\nhint: corral inspect --field execs web lists those that there are\n',
    });
    expect((await lab.corral(['kill', '--exec', 'exec-1', 'web'])).stdout).toMatch(/^web: 3 processes killed in /);
    expect(await exec.ended).toMatchObject({ code: 137 });
    expect((await lab.corral(['inspect', '--field', 'execs', 'web'])).stdout).toBe('[]\n');
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('web\n');
  });

  it.each([
    [['--exec', '1', 'web', 'db'], '--exec is of one container: give one name'],
    [['--exec', '1', '--all'], '--exec is of one container: give one name'],
    [['--exec', '../x', 'web'], '--exec: "../x" is not the name of an exec, such as exec-1'],
  ])('%j is refused', async (words, message) => {
    const ended = await lab.corral(['kill', ...words]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr.startsWith(`corral: ${message}`)).toBe(true);
  });

  it('does the others when one is not there', async () => {
    const web = await lab.box('web');
    const killed = await lab.corral(['kill', 'nobody', 'web', '../web']);
    expect(killed.code).toBe(1);
    expect(killed.stdout).toMatch(/^web: 2 processes killed in \d+ms\n$/);
    expect(killed.stderr).toMatch(
      /^corral: container "nobody" does not exist\ncorral: container: "\.\.\/web" is not a /,
    );
    expect(await web.ended).toMatchObject({ code: 137 });
    expect(parse((await lab.corral(['kill', '--json', 'nobody'])).stdout)).toMatchObject([
      { id: 'nobody', error: { code: 'ERR_NOT_FOUND' } },
    ]);
  });

  it('--all of none is no failure', async () => {
    expect(await lab.corral(['kill', '--all'])).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });
});

describe('corral prune', () => {
  it('clears away what a killed corral left', async () => {
    const gone = await lab.box('gone');
    const left = await lab.box('left', ['--no-die-with-parent']);
    await lab.box('alive');
    // Not `ended`: what is left holds the streams open.
    const exits = [gone, left].map((started) => once(started.process, 'exit'));
    gone.process.kill('SIGKILL');
    left.process.kill('SIGKILL');
    await Promise.all(exits);
    await gone.ended;
    // The dead are listed in their cgroup until the machine's own init has reaped them.
    await until(() => new Containers({ stateDir: lab.stateDir }).get('gone').processes === 0, 'it is reaped');
    expect(parse((await lab.corral(['ps', '--json'])).stdout)).toMatchObject([
      { id: 'alive', status: 'running' },
      { id: 'gone', status: 'abandoned', processes: 0 },
      { id: 'left', status: 'abandoned', processes: 2 },
    ]);
    const preview = await lab.corral(['prune', '--dry-run']);
    expect(preview).toMatchObject({ code: 0, stderr: '' });
    expect(preview.stdout).toMatch(
      /^gone: nothing runs any more, would be removed\nleft: 2 processes would be killed, and it would be removed\n +\d+ {2}corral-init\n +\d+ {2}sleep 1000\n$/,
    );
    expect(parse((await lab.corral(['prune', '--dry-run', '--json'])).stdout)).toMatchObject([
      { id: 'gone', report: { processes: 0, pids: [] } },
      { id: 'left', report: { processes: 2, pids: [expect.any(Number), expect.any(Number)] } },
    ]);
    const pruned = await lab.corral(['prune']);
    expect(pruned).toMatchObject({ code: 0, stderr: '' });
    expect(pruned.stdout).toMatch(/^gone: .*, removed\nleft: 2 processes killed in \d+ms, removed\n$/);
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('alive\n');
    expect(await lab.corral(['prune'])).toMatchObject({ code: 0, stdout: 'nothing to clear away\n' });
    expect(await lab.corral(['prune', '--json'])).toMatchObject({ code: 0, stdout: '[]\n' });
  });
});

describe('corral plan', () => {
  it('shows what run would do, and does nothing', async () => {
    const flags = ['--name', 'web', '--cgroup-parent', lab.cgroupParent, '--timeout', '1s', '-i', '-q'];
    const text = await lab.corral(['plan', ...flags, 'echo', '--json']);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(new RegExp(`^cgroup\n(.*\n)*  make .*/${lab.cgroupParent}/web\n`));
    expect(text.stdout).toMatch(/\n +\d+ exec echo +\[--json\]\n/);
    const json = await lab.corral(['plan', '--json', '--ulimit', 'core=unlimited', ...flags, '--', 'true']);
    expect(parse(json.stdout)).toMatchObject({
      id: 'web',
      clone: { flags: expect.arrayContaining(['CLONE_NEWPID']) as unknown },
      steps: expect.arrayContaining([
        expect.objectContaining({ op: 'set-seccomp', program: expect.stringMatching(/^IAAAAAQAAAA/) as string }),
      ]) as unknown,
    });
  });

  it('needs no privileges', async (context) => {
    requires(context, { root: true });
    const copy = makeReadableCopy();
    try {
      const main = join(copy, 'dist/cli/corral.cjs');
      const planned = await lab.corral(['plan', 'true'], { uid: 65534, cwd: '/', main });
      expect(planned).toMatchObject({ code: 0, stderr: '' });
      expect(planned.stdout).toMatch(/^ {2}clone3 .*CLONE_NEWUSER/m);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('finds out what makes no sense', async () => {
    expect(await lab.corral(['plan', '-m', '12Q', 'true'])).toMatchObject({ code: 2, stdout: '' });
    expect(await lab.corral(['plan', '--stop-signal', 'X', 'true'])).toMatchObject({ code: 2, stdout: '' });
  });
});
