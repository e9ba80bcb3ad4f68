import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { waitForEnd } from '../../../src/container/wait.js';
import { Store } from '../../../src/container/store.js';
import type { ContainerResult } from '../../../src/container/result.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { isKernel } from '../../helpers/kernel.js';
import { makeHolders } from '../../helpers/holder.js';
import { makeLab, until } from '../../helpers/lab.js';
import { findByArgument, listCgroups } from '../../helpers/leaks.js';
import { makeMarker } from '../../helpers/orphans.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();
const holders = makeHolders(lab);

const sh = (script: string, ...more: readonly string[]): readonly string[] => ['sh', '-c', script, ...more];

const MODES: Readonly<Record<string, ContainerOptions>> = {
  'full isolation': {},
  'the pid namespace of the host': { pid: 'host' },
  'isolation cgroup': { isolation: 'cgroup' },
};

/** Nothing of it is left, and nobody knows of it any more. */
async function expectGone(marker?: string): Promise<void> {
  if (marker !== undefined) await until(() => findByArgument(marker).length === 0, 'its processes are gone');
  expect(listCgroups(lab.cgroupParent)).toEqual([]);
  expect(lab.containers.list()).toEqual([]);
  expect(await holders.adopt()).toEqual({ outcome: 'absent' });
}

describe.each(Object.entries(MODES))('a container whose owner has died, with %s', (_name, mode) => {
  it('is itself to all others until it is taken over', async (context) => {
    requires(context, { cgroup: true });
    const holder = await holders.start(['sleep', '1000'], mode);
    await holder.die();
    expect(lab.containers.get('box')).toMatchObject({ status: 'running' });
    expect(await lab.containers.prune({ dryRun: true })).toEqual([]);
    expect(await lab.containers.prune()).toEqual([]);
    await lab.containers.pause('box');
    expect(lab.containers.get('box')).toMatchObject({ status: 'paused' });
    await lab.containers.resume('box');
    const container = await holders.take();
    expect(container.pid).toBe(lab.containers.get('box').pid);
    expect(await container.kill()).toMatchObject({ gone: true });
    expect(await container.exited).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await expectGone();
  });

  it('that ends later tells the new owner how', async () => {
    const marker = makeMarker();
    const holder = await holders.start(sh('trap "exit 7" TERM; while :; do sleep 0.02; done', marker), mode);
    await holder.die();
    const told: ContainerResult[] = [];
    const startedAt = performance.now();
    const container = await holders.take({ onEnd: (result) => told.push(result) });
    await untilTraps(container.pid);
    expect(container.signal('TERM')).toBe(true);
    const result = await container.exited;
    expect(result).toMatchObject({ exitCode: 7, signal: null, oomKilled: false, timedOut: false });
    expect(result).not.toHaveProperty('statusUnknown');
    expect(result.durationMs).toBeGreaterThan(performance.now() - startedAt - 50);
    expect(told).toEqual([result]);
    await expectGone(marker);
  });

  it('that ended while nobody owned it tells the new owner how', async () => {
    const marker = makeMarker();
    const holder = await holders.start(sh('sleep 0.2; exit 9', marker), mode);
    await holder.die();
    await until(() => lab.containers.get('box').status === 'stopped', 'it has ended');
    const wait = waitForEnd(new Store(lab.stateDir), 'box');
    let endedAt: Date | undefined;
    const adoption = await holders.adopt({ onEnd: (_result, at) => (endedAt = at) });
    expect(adoption).toMatchObject({ outcome: 'adopted', alive: false });
    if (adoption.outcome !== 'adopted') return;
    const result = await adoption.container.exited;
    expect(result).toMatchObject({ exitCode: 9, signal: null });
    expect(result.durationMs).toBeGreaterThan(150);
    expect(Date.now() - (endedAt?.getTime() ?? 0)).toBeLessThan(60_000 * TIME_SCALE);
    expect(await wait).toMatchObject({ id: 'box', exitCode: 9 });
    await expectGone(marker);
  });

  it('is killed by the new owner with all that it has started', async (context) => {
    requires(context, { cgroup: true });
    const marker = makeMarker();
    const script = 'for i in 1 2 3; do (setsid sleep 1000 $0 &); done; exec sleep 1000 $0';
    const holder = await holders.start(
      ['bash', '-c', script.replaceAll('sleep 1000 $0', 'perl -e "sleep 1000" $0'), marker],
      mode,
    );
    await until(() => findByArgument(marker).length >= 4, 'all of it runs');
    await holder.die();
    const container = await holders.take();
    const { processes } = await container.kill();
    expect(processes).toBeGreaterThanOrEqual(4);
    expect(await container.exited).toMatchObject({ signal: 'SIGKILL', leftBehind: 0 });
    await expectGone(marker);
  });

  it('can be used by the new owner as by the one before', async (context) => {
    requires(context, { cgroup: true, controllers: ['pids'] });
    const holder = await holders.start(['sleep', '1000'], { ...mode, pids: 32 });
    await holder.die();
    const container = await holders.take();
    await container.pause();
    expect(lab.containers.get('box').status).toBe('paused');
    await container.resume();
    expect((await container.stats()).processes).toBeGreaterThan(0);
    expect(await container.update({ pids: 64 })).toMatchObject({ pidsMax: 64 });
    const exec = await container.exec(['sh', '-c', 'exit 3']);
    expect(await exec.exited).toMatchObject({ exitCode: 3 });
    expect(await lab.containers.signalAll('box', 'CONT')).toMatchObject({ complete: true });
    expect(await container.stop({ stopSignal: 'KILL' })).toMatchObject({ signal: 'SIGKILL' });
    await expectGone();
  });

  it('that was paused goes on, and ends', async (context) => {
    requires(context, { cgroup: true });
    const holder = await holders.start(['sleep', '1000'], mode);
    await lab.containers.pause('box');
    await holder.die();
    const container = await holders.take();
    expect(await container.stop({ gracePeriod: 100 })).toMatchObject({ signal: expect.any(String) as string });
    await expectGone();
  });

  it('has the rest of its time', async () => {
    const holder = await holders.start(['sleep', '1000'], mode);
    await holder.die();
    const before = performance.now();
    const container = await holders.take({ ending: { timeout: 1500 * TIME_SCALE } });
    expect(await container.exited).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
    expect(performance.now() - before).toBeLessThan(1500 * TIME_SCALE + 400);
    await expectGone();
  });

  it('whose time was up while nobody owned it is ended at once', async () => {
    const holder = await holders.start(['sleep', '1000'], mode);
    await holder.die();
    const container = await holders.take({ ending: { timeout: 1 } });
    expect(await container.exited).toMatchObject({ timedOut: true });
    await expectGone();
  });

  it('that was killed by somebody else meanwhile is cleared away by the new owner, who knows', async () => {
    const holder = await holders.start(['sleep', '1000'], mode);
    await holder.die();
    await lab.containers.kill('box');
    await until(() => lab.containers.get('box').status === 'stopped', 'it has ended');
    const container = await holders.take();
    const result = await container.exited;
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await expectGone();
  });
});

async function untilTraps(pid: number): Promise<void> {
  const list = (): readonly string[] =>
    readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
      .trim()
      .split(' ');
  const caught = (): bigint =>
    BigInt(`0x${/^SigCgt:\s*(\S+)/m.exec(readFileSync(`/proc/${list()[0] ?? ''}/status`, 'utf8'))?.[1] ?? '0'}`);
  await until(() => ((caught() >> 14n) & 1n) === 1n, 'it catches SIGTERM');
}

describe('what it has left behind', () => {
  it('is counted and killed, however late', async (context) => {
    requires(context, { cgroup: true });
    const marker = makeMarker();
    const script = '(setsid perl -e "sleep 1000" $0 &) ; sleep 0.3; exit 4';
    const holder = await holders.start(['sh', '-c', script, marker], { isolation: 'cgroup' });
    await until(() => findByArgument(marker).length >= 1, 'it runs');
    await holder.die();
    await until(() => lab.containers.get('box').status === 'stopped', 'its main process has ended');
    expect(findByArgument(marker)).toHaveLength(1);
    const container = await holders.take();
    expect(await container.exited).toMatchObject({ exitCode: 4, leftBehind: 1 });
    await expectGone(marker);
  });
});

describe('without an init', () => {
  const BARE: ContainerOptions = { init: false };

  it('the kernel tells of an end that the new owner has waited for, from Linux 6.15 on', async () => {
    const holder = await holders.start(['sleep', '0.6'], BARE);
    await holder.die();
    const container = await holders.take();
    const result = await container.exited;
    // The machine's own init may be slow to take note of it, and only root is told by /proc meanwhile.
    if (isKernel(6, 15) && process.geteuid?.() === 0) expect(result).toMatchObject({ exitCode: 0, signal: null });
    else expect(result.statusUnknown === true || result.exitCode === 0).toBe(true);
    await expectGone();
  });

  it('nobody can tell of one that nobody was there for', async () => {
    const holder = await holders.start(['sleep', '0.3'], BARE);
    await holder.die();
    await until(() => lab.containers.get('box').status === 'stopped', 'it has ended');
    const container = await holders.take();
    const result = await container.exited;
    // Unless the machine's own init has not looked yet.
    if (result.exitCode === null) expect(result).toMatchObject({ signal: null, statusUnknown: true });
    else expect(result).toMatchObject({ exitCode: 0, signal: null });
    await expectGone();
  });

  it('a kill is known all the same', async () => {
    const holder = await holders.start(['sleep', '1000'], BARE);
    await holder.die();
    const container = await holders.take();
    await container.kill();
    expect(await container.exited).toMatchObject({ signal: 'SIGKILL' });
    await expectGone();
  });
});

describe('its limits', () => {
  it('hold on, and that it ran out of memory is known', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const greedy = ['sh', '-c', 'sleep 0.4; exec perl -e \'my $x = "x" x (256 << 20); sleep 1\''];
    const holder = await holders.start(greedy, { memory: '32M' });
    await holder.die();
    const container = await holders.take();
    expect(await container.exited).toMatchObject({ signal: 'SIGKILL', oomKilled: true });
    await expectGone();
  });

  it('and so it is of one that did so while nobody owned it', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const greedy = ['sh', '-c', 'sleep 0.4; exec perl -e \'my $x = "x" x (256 << 20); sleep 1\''];
    const holder = await holders.start(greedy, { memory: '32M' });
    await holder.die();
    await until(() => lab.containers.get('box').status === 'stopped', 'it has ended');
    const container = await holders.take();
    const result = await container.exited;
    expect(result).toMatchObject({ signal: 'SIGKILL', oomKilled: true });
    expect(result.usage.memoryPeakBytes).toBeGreaterThan(16 << 20);
    await expectGone();
  });
});
