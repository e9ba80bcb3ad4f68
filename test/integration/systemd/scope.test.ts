import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { until, untilSays } from '../../helpers/lab.js';
import { makeSystemdLab, needsController, readLimits, show, systemctl, untilNoUnits } from './systemd-lab.js';

const lab = makeSystemdLab();
const FOREVER = ['sh', '-c', 'echo ready; exec sleep 1000'];
const LIMITS = { memory: '64M', cpus: 0.5, pids: 32 } as const;

describe('with systemd', () => {
  test('a container is in a scope, sees its cgroup as the root, and leaves no unit', async () => {
    const { stdout, usage } = await lab.run(['cat', '/proc/self/cgroup'], { name: 'seen' });
    expect(stdout).toBe('0::/\n');
    // The controllers come with `Delegate=yes`, without a limit.
    expect(usage.memoryPeakBytes).toBeGreaterThan(0);
    await untilNoUnits();
  });

  test('the scope says whose it is, and inspect says which scope', async () => {
    await lab.spawn(FOREVER, { name: 'told' });
    expect(show('corral-told.scope', 'Description', 'Slice', 'Delegate', 'ActiveState')).toEqual({
      Description: 'corral container told',
      Slice: lab.options.cgroupParent,
      Delegate: 'yes',
      ActiveState: 'active',
    });
    const { cgroup } = lab.containers.inspect('told');
    const manager = process.geteuid?.() === 0 ? 'system' : 'user';
    expect(cgroup).toMatchObject({ driver: 'systemd', scope: { manager, unit: 'corral-told.scope' } });
    const { ControlGroup = '' } = show('corral-told.scope', 'ControlGroup');
    expect(cgroup.v2?.path).toBe(`/sys/fs/cgroup${ControlGroup}/container`);
  });

  test('limits are properties as well as files, and a daemon-reload does not undo them', async () => {
    const container = await lab.spawn(FOREVER, { name: 'held', ...LIMITS });
    const files = ['memory.max', 'memory.swap.max', 'cpu.max', 'pids.max', 'memory.oom.group'];
    const expected = {
      'memory.max': '67108864',
      'memory.swap.max': '0',
      'cpu.max': '50000 100000',
      'pids.max': '32',
      'memory.oom.group': '1',
    };
    expect(show('corral-held.scope', 'MemoryMax', 'MemorySwapMax', 'CPUQuotaPerSecUSec', 'TasksMax')).toEqual({
      MemoryMax: '67108864',
      MemorySwapMax: '0',
      CPUQuotaPerSecUSec: '500ms',
      // There is the keeper besides.
      TasksMax: '33',
    });
    expect(readLimits(lab, 'held', ...files)).toEqual(expected);

    systemctl('daemon-reload');

    expect(readLimits(lab, 'held', ...files)).toEqual(expected);
    expect(await container.stats()).toMatchObject({ memoryMaxBytes: 67_108_864, pidsMax: 32 });
  });

  test('CPUs are chosen by a property and a file', async (context) => {
    needsController(context, 'cpuset');
    await lab.spawn(FOREVER, { name: 'pinned', cpusetCpus: '0' });
    expect(show('corral-pinned.scope', 'AllowedCPUs')).toEqual({ AllowedCPUs: '0' });
    expect(readLimits(lab, 'pinned', 'cpuset.cpus')).toEqual({ 'cpuset.cpus': '0' });
  });

  test.each([false, true])('want of memory ends all of it, after a daemon-reload: %s', async (reloaded) => {
    // What takes the memory is not what waits: only as a whole do they end.
    const script = 'echo ready; read x; tail /dev/zero; sleep 1000';
    const container = await lab.spawn(['sh', '-c', script], { name: 'hungry', memory: '32M', stdin: 'pipe' });
    await untilSays(container, 'ready');
    if (reloaded) systemctl('daemon-reload');
    container.stdin?.end('go\n');
    expect(await container.exited).toMatchObject({ oomKilled: true, signal: 'SIGKILL' });
    await untilNoUnits();
  });

  test('a kill takes a fork bomb, and the unit with it', async () => {
    const bomb = 'echo ready; f() { f & f & wait; }; f 2>/dev/null';
    const container = await lab.spawn(['sh', '-c', bomb], { name: 'bomb', pids: 64 });
    await untilSays(container, 'ready');
    await until(() => lab.containers.get('bomb').processes > 16, 'it forks');
    expect(await lab.containers.kill('bomb')).toMatchObject({ rung: 'cgroup.kill', gone: true });
    expect(await container.exited).toMatchObject({ signal: 'SIGKILL' });
    await untilNoUnits();
  });

  test('an update changes files and properties, up and down', async () => {
    const container = await lab.spawn(FOREVER, { name: 'changed', ...LIMITS });
    for (const [memory, pids] of [
      ['128M', 64],
      ['48M', 16],
    ] as const) {
      await container.update({ memory, pids });
      const bytes = String(Number.parseInt(memory, 10) * 2 ** 20);
      expect(readLimits(lab, 'changed', 'memory.max', 'pids.max')).toEqual({
        'memory.max': bytes,
        'pids.max': String(pids),
      });
      expect(show('corral-changed.scope', 'MemoryMax', 'TasksMax')).toEqual({
        MemoryMax: bytes,
        TasksMax: String(pids + 1),
      });
    }
  });

  test('it can be paused and resumed', async () => {
    await lab.spawn(FOREVER, { name: 'still' });
    expect(await lab.containers.pause('still')).toBe(true);
    expect(lab.containers.get('still')).toMatchObject({ status: 'paused', processes: 2 });
    expect(await lab.containers.resume('still')).toBe(true);
    expect(lab.containers.get('still').status).toBe('running');
  });

  test('exec has a cgroup of its own below it, and is killed alone', async () => {
    const container = await lab.spawn(FOREVER, { name: 'entered', pids: 32 });
    const first = await container.exec(['cat', '/proc/self/cgroup']);
    expect(await text(first.stdout)).toBe('0::/exec-1\n');
    expect(await first.exited).toMatchObject({ exitCode: 0 });
    const second = await lab.containers.exec('entered', ['sh', '-c', 'sleep 1000 & echo ready; wait']);
    await untilSays(second, 'ready');
    expect(await second.kill()).toMatchObject({ processes: 2, gone: true });
    expect(lab.containers.get('entered')).toMatchObject({ status: 'running', processes: 2 });
  });

  test('one that holds others is given its part of the cgroup tree', async () => {
    const script = 'cd /sys/fs/cgroup && mkdir inner && echo 0 > inner/cgroup.procs && cat cgroup.controllers';
    const { stdout, stderr, exitCode } = await lab.run(['sh', '-c', script], { name: 'outer', nest: true, pids: 32 });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.trim().split(' ')).toEqual(expect.arrayContaining(['memory', 'pids']));
    await untilNoUnits();
  });

  test('what it has used is known, however soon it ends', async () => {
    for (let round = 0; round < 10; round++) {
      const { usage } = await lab.run(['true'], { isolation: 'cgroup', init: false });
      expect(usage.cpuMs).toBeDefined();
      expect(usage.memoryPeakBytes).toBeGreaterThan(0);
    }
  });

  test('a name can be used again at once', async () => {
    for (let round = 0; round < 5; round++) {
      expect(await lab.run(['true'], { name: 'again' })).toMatchObject({ exitCode: 0 });
    }
  });

  test('a unit of that name that is somebody else’s is left alone', async () => {
    const user = process.geteuid?.() === 0 ? [] : ['--user'];
    const words = [...user, '--scope', '--quiet', '--collect', '--unit=corral-taken.scope', 'sleep', '1000'];
    const other = spawn('systemd-run', words, { stdio: 'ignore' });
    try {
      await until(() => show('corral-taken.scope', 'ActiveState')['ActiveState'] === 'active', 'it runs');
      await expect(lab.run(['true'], { name: 'taken' })).rejects.toMatchObject({
        code: 'ERR_UNIT_EXISTS',
        message: expect.stringMatching(/^start corral-taken\.scope: .*already/) as string,
        hint: expect.stringContaining('choose another name') as string,
      });
      expect(show('corral-taken.scope', 'ActiveState')).toEqual({ ActiveState: 'active' });
      expect(lab.containers.list()).toEqual([]);
    } finally {
      const ended = once(other, 'exit');
      other.kill('SIGKILL');
      await ended;
    }
  });

  test('systemctl stop ends it, and corral tells so', async () => {
    const container = await lab.spawn(['sleep', '1000'], { name: 'stopped', init: false, pid: 'host' });
    systemctl('stop', 'corral-stopped.scope');
    expect(await container.exited).toMatchObject({ signal: 'SIGTERM' });
    expect(lab.containers.list()).toEqual([]);
  });

  test('its first process is never outside, once its command runs', async () => {
    const before = readFileSync('/proc/self/cgroup', 'utf8');
    const { stdout } = await lab.run(['cat', '/proc/self/cgroup', '/proc/1/cgroup'], { cgroupns: 'host' });
    const [own = '', init = ''] = stdout.trim().split('\n');
    expect(own).toMatch(/\/corral-[0-9a-f]{12}\.scope\/container\/payload$/);
    expect(init).toBe(own);
    expect(own).not.toBe(before.trim());
    expect(existsSync(`/sys/fs/cgroup${own.slice('0::'.length)}`)).toBe(false);
  });

  test('the command line does the same, and plan shows it', () => {
    const main = ['dist/cli/corral.cjs', '--state-dir', lab.stateDir];
    const flags = ['--cgroup-driver', 'systemd', '--cgroup-parent', String(lab.options.cgroupParent)];
    const corral = (...words: readonly string[]): string =>
      execFileSync(process.execPath, [...main, ...words], { encoding: 'utf8' });
    expect(corral('run', '-q', ...flags, '--', 'cat', '/proc/self/cgroup')).toBe('0::/\n');
    expect(corral('plan', '--name', 'web', ...flags, '-m', '64M', 'true')).toMatch(
      /^systemd\n {2}start corral-web\.scope in corraltest[0-9a-f]+\.slice around the process and a keeper, by the (user|system)'s manager, with Delegate=yes\n {4}MemoryMax=67108864$/m,
    );
  });
});

async function text(stream: AsyncIterable<unknown> | null): Promise<string> {
  let all = '';
  for await (const chunk of stream ?? []) all += String(chunk);
  return all;
}
