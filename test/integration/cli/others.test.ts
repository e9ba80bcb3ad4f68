import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import { until } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const parse = (text: string): unknown => JSON.parse(text);

const waiters = (id: string): number =>
  readFileSync(join(lab.stateDir, `${id}.state`), 'utf8').match(/"awaited"/g)?.length ?? 0;

describe('corral inspect', () => {
  it('prints all that is known, as a list', async () => {
    await lab.box('web');
    await lab.box('db', ['--isolation', 'cgroup']);
    const { code, stdout } = await lab.corral(['inspect', 'web', 'db', 'web']);
    expect(code).toBe(0);
    expect(parse(stdout)).toMatchObject([
      { id: 'web', status: 'running', owner: { alive: true }, cgroup: {}, limits: {}, spec: { hostname: 'web' } },
      { id: 'db', rootfs: { overlay: false } },
    ]);
  });

  it('prints a field, as text or as JSON', async () => {
    await lab.box('web', [], ['sleep', '1001']);
    expect(await lab.corral(['inspect', '--field', 'status', 'web'])).toMatchObject({ code: 0, stdout: 'running\n' });
    expect(await lab.corral(['inspect', '--field', 'command', 'web'])).toMatchObject({ stdout: '["sleep","1001"]\n' });
    expect(await lab.corral(['inspect', '--field', 'spec.annotations.dev.corral.init', 'web'])).toMatchObject({
      stdout: 'true\n',
    });
  });

  it('says what is not there, and prints the rest', async () => {
    await lab.box('web');
    expect(await lab.corral(['inspect', '--field', 'id', 'nobody', 'web'])).toMatchObject({
      code: 1,
      stdout: 'web\n',
      stderr: 'corral: container "nobody" does not exist\n',
    });
    expect(await lab.corral(['inspect', '--field', 'limts', 'web'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'corral: container "web" has no field limts\nhint: did you mean limits?\n',
    });
    expect(parse((await lab.corral(['inspect', 'nobody'])).stdout)).toEqual([]);
    expect(await lab.corral(['inspect', '--field', '', 'web'])).toMatchObject({
      code: 2,
      stderr: 'corral: --field: "" is not the name of a field\n',
    });
  });

  it('hands nothing to a terminal that it would act on', async () => {
    await lab.box('sly', ['-e', 'A=\u009b31m\u202e'], ['sh', '-c', 'sleep 1000', '\u001b[31m']);
    const { stdout } = await lab.corral(['inspect', 'sly']);
    for (const character of ['\u001b', '\u009b', '\u202e']) expect(stdout.includes(character)).toBe(false);
    expect(stdout).toContain(String.raw`"A=\u009b31m\u202e"`);
  });
});

describe('corral stats', () => {
  it('where there is no terminal prints a table, once', async (context) => {
    requires(context, { controllers: ['memory', 'pids'] });
    await lab.box('busy', ['-m', '64M', '--pids-limit', '20'], ['sh', '-c', 'while :; do :; done']);
    await lab.box('idle');
    const { code, stdout, stderr } = await lab.corral(['stats', '--interval', '300ms']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(
      /^NAME +STATUS +CPU % +MEMORY\/LIMIT +MEM % +PIDS\/LIMIT +READ\/WRITTEN +PEAK +SWAP +STALLED C\/M\/IO$/,
    );
    expect(lines[1]).toMatch(/^busy +running +[1-9]\d*\.\d% +\d[\d.]*[KM]\/64M +\d+\.\d% +2\/20 /);
    expect(lines[2]).toMatch(/^idle +running +0\.\d% /);
  });

  it('prints figures with units in their names', async () => {
    await lab.box('web');
    const { stdout } = await lab.corral(['stats', '--json', '--interval', '100ms', 'web']);
    expect(parse(stdout)).toMatchObject([
      { id: 'web', status: 'running', cpuPercent: 0, cpuMs: expect.any(Number) as number, pids: 2, processes: 2 },
    ]);
  });

  it('with --stream goes on until what it watches is gone', async () => {
    await lab.box('web');
    const lines = lab.start(['stats', '--stream', '--json', '--interval', '100ms', 'web']);
    const tables = lab.start(['stats', '--stream', '--interval', '100ms', 'web']);
    await until(() => lines.output().split('\n').length > 3 && tables.output().split('\n').length > 4, 'three looks');
    await lab.corral(['kill', 'web']);
    const { code, stdout } = await lines.ended;
    expect(code).toBe(0);
    const looks: readonly unknown[] = stdout.trimEnd().split('\n').map(parse);
    expect(looks.at(-1)).toEqual([]);
    for (const look of looks.slice(0, -1)) expect(look).toMatchObject([{ id: 'web' }]);
    expect((await tables.ended).stdout).toMatch(/^(NAME .*\nweb .*\n){2,}$/);
  });

  it.each([['--json'], []])('with --stream ends when nobody reads any more: %s', async (...flags) => {
    await lab.box('web');
    const started = lab.start(['stats', '--stream', '--interval', '100ms', ...flags]);
    await until(() => started.output() !== '', 'the first look');
    started.process.stdout?.destroy();
    expect(await started.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  it('of nothing is its header, or an empty list, and takes no time', async () => {
    expect((await lab.corral(['stats', '--interval', '1h'])).stdout).toMatch(/^NAME .*\n$/);
    expect((await lab.corral(['stats', '--json', '--interval', '1h'])).stdout).toBe('[]\n');
  });

  it.each([
    [['nobody'], 1, 'container "nobody" does not exist'],
    [['--interval', '99ms'], 2, '--interval: "99ms" is not at least 100ms'],
    [['--interval', 'often'], 2, '--interval: "often" is not a time'],
  ])('%j is refused', async (words, code, message) => {
    const ended = await lab.corral(['stats', ...words]);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr.startsWith(`corral: ${message}`)).toBe(true);
  });
});

describe('corral pause and resume', () => {
  it('hold containers of others, and let them go', async (context) => {
    requires(context, { cgroup: true });
    await lab.box('web');
    await lab.box('db');
    expect(await lab.corral(['pause', 'web'])).toMatchObject({ code: 0, stdout: 'web: paused\n', stderr: '' });
    expect((await lab.corral(['ps'])).stdout).toMatch(/^db +running .*\nweb +paused /m);
    expect((await lab.corral(['pause', 'web'])).stdout).toBe('web: was paused already\n');
    expect((await lab.corral(['pause', '--filter', 'name=web'])).stdout).toBe('');
    expect((await lab.corral(['pause', '--filter', 'name=d'])).stdout).toBe('db: paused\n');
    expect((await lab.corral(['resume', 'db'])).stdout).toBe('db: resumed\n');
    expect((await lab.corral(['pause', '--all'])).stdout).toBe('db: paused\n');
    expect(await lab.corral(['exec', 'web', 'true'])).toMatchObject({
      code: 125,
      stderr: 'corral: cannot exec in "web": container is paused\n',
    });
    expect((await lab.corral(['unpause', 'web'])).stdout).toBe('web: resumed\n');
    expect((await lab.corral(['resume', 'web', 'nobody'])).stdout).toBe('web: was not paused\n');
    expect((await lab.corral(['resume', '-a'])).stdout).toBe('db: resumed\n');
    expect(await lab.corral(['resume', '--all'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('do the others when one is not there', async (context) => {
    requires(context, { cgroup: true });
    await lab.box('web');
    expect(await lab.corral(['pause', 'nobody', 'web'])).toMatchObject({
      code: 1,
      stdout: 'web: paused\n',
      stderr: 'corral: container "nobody" does not exist\n',
    });
    expect(await lab.corral(['kill', 'web'])).toMatchObject({ code: 0 });
  });

  it.each([
    [['pause'], 'NAME is missing'],
    [['resume', '--all', 'web'], '--all leaves no NAME to give'],
    [['pause', '--filter', 'name=web', 'web'], '--filter leaves no NAME to give'],
    [['pause', '--filter', 'nmae=web'], '--filter: "nmae=web" is not a filter'],
  ])('%j is refused', async (words, message) => {
    const ended = await lab.corral(words);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr.startsWith(`corral: ${message}`)).toBe(true);
  });
});

describe('corral wait', () => {
  it('prints the exit codes, in the order of the names', async () => {
    const script = 'until [ -e /tmp/go ]; do sleep 0.02; done; exit 3';
    const first = await lab.box('first', [], ['sh', '-c', script]);
    await lab.box('second');
    const started = lab.start(['wait', 'first', 'second', 'nobody']);
    await until(() => waiters('first') + waiters('second') === 2, 'it waits');
    await lab.corral(['kill', 'second']);
    expect(started.output()).toBe('');
    await lab.corral(['exec', 'first', 'touch', '/tmp/go']);
    expect(await started.ended).toMatchObject({
      code: 1,
      stdout: '3\n137\n',
      stderr: 'corral: container "nobody" does not exist\n',
    });
    expect(await first.ended).toMatchObject({ code: 3 });
  });

  it('prints everything that is known as JSON', async () => {
    const script = 'until [ -e /tmp/go ]; do sleep 0.02; done; exit 3';
    const box = await lab.box('web', [], ['sh', '-c', script]);
    const started = lab.start(['wait', '--json', 'web', 'nobody']);
    await until(() => waiters('web') === 1, 'it waits');
    await lab.corral(['exec', 'web', 'touch', '/tmp/go']);
    const { code, stdout } = await started.ended;
    expect(code).toBe(1);
    expect(parse(stdout)).toMatchObject([
      { id: 'web', exitCode: 3, signal: null, oomKilled: false, usage: {} },
      { id: 'nobody', error: { code: 'ERR_NOT_FOUND' } },
    ]);
    expect(await box.ended).toMatchObject({ code: 3 });
  });

  it('says that nobody knows, with an exit code of its own', async () => {
    const box = await lab.box('web', ['--no-die-with-parent', '--no-init']);
    const exited = once(box.process, 'exit');
    box.process.kill('SIGKILL');
    await exited;
    const { pid = 0 } = new Containers({ stateDir: lab.stateDir }).get('web');
    process.kill(pid, 'SIGKILL');
    // Nobody is there at the end, and when somebody comes even the machine's own init has been there.
    await until(() => !existsSync(`/proc/${String(pid)}`), 'it is gone');
    expect(await lab.corral(['wait', 'web'])).toMatchObject({
      code: 3,
      stdout: 'unknown\n',
      stderr: 'corral: web has ended, and nobody knows its exit code\nhint: its owner has died before it could tell\n',
    });
    expect(parse((await lab.corral(['wait', '--json', 'web'])).stdout)).toEqual([{ id: 'web' }]);
  });

  it('that is interrupted leaves the container as it was', async () => {
    const web = await lab.box('web');
    const started = lab.start(['wait', 'web']);
    await until(() => waiters('web') === 1, 'it waits');
    started.process.kill('SIGINT');
    expect(await started.ended).toEqual({ code: null, signal: 'SIGINT', stdout: '', stderr: '' });
    await lab.corral(['kill', 'web']);
    expect(await web.ended).toMatchObject({ code: 137, stderr: '' });
  });
});
