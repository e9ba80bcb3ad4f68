import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { makeHolders } from '../../helpers/holder.js';
import { makeLab, until } from '../../helpers/lab.js';
import { findByArgument, listCgroups } from '../../helpers/leaks.js';
import { makeMarker } from '../../helpers/orphans.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const holders = makeHolders(lab);

const MODES: Readonly<Record<string, ContainerOptions>> = {
  'full isolation': {},
  'the pid namespace of the host': { pid: 'host' },
  'isolation cgroup': { isolation: 'cgroup' },
};

/** Collects what a terminal shows. */
function listen({ terminal }: Container): () => string {
  let text = '';
  terminal?.on('data', (chunk) => (text += String(chunk)));
  return () => text;
}

describe.each(Object.entries(MODES))('a terminal, with %s', (_name, mode) => {
  it('is there for the new owner: what it shows, typing, its size', async (context) => {
    requires(context, { root: mode.isolation === 'cgroup' });
    const script = 'stty -echo; echo begin; while read line; do echo "got $line"; stty size; done';
    const holder = await holders.start(['sh', '-c', script], { ...mode, terminal: { columns: 90, rows: 20 } });
    holder.type('one\n');
    await until(() => holder.text().includes('got one\r\n20 90\r\n'), 'the first owner sees it');
    await holder.die();
    const container = await holders.take();
    const text = listen(container);
    expect(container.terminal).toMatchObject({ columns: 90, rows: 20 });
    container.terminal?.write('two\n');
    await until(() => text().includes('got two\r\n20 90\r\n'), 'the new owner sees it');
    container.terminal?.resize({ columns: 50, rows: 10 });
    container.terminal?.write('three\n');
    await until(() => text().includes('got three\r\n10 50\r\n'), 'it has another size');
    container.terminal?.end();
    expect(await container.exited).toMatchObject({ exitCode: 0 });
    expect(listCgroups(lab.cgroupParent)).toEqual([]);
  });

  it('hangs nobody up when its owner dies, and keeps what is shown meanwhile', async (context) => {
    requires(context, { root: mode.isolation === 'cgroup' });
    const script = 'trap "echo HUNG UP" HUP; sleep 0.4; echo meanwhile; sleep 0.4; echo later; exit 6';
    const holder = await holders.start(['sh', '-c', script], { ...mode, terminal: true });
    await holder.die();
    await until(() => lab.containers.get('box').status === 'running', 'it runs');
    const container = await holders.take();
    const text = listen(container);
    expect(await container.exited).toMatchObject({ exitCode: 6, signal: null });
    await until(() => container.terminal?.readableEnded === true, 'it has ended');
    expect(text()).toBe('meanwhile\r\nlater\r\n');
  });

  it('keeps the last words of one that has ended while nobody owned it', async (context) => {
    requires(context, { root: mode.isolation === 'cgroup' });
    const marker = makeMarker();
    const script = 'sleep 0.3; seq 400; exit 3';
    const holder = await holders.start(['sh', '-c', script, marker], { ...mode, terminal: true });
    await holder.die();
    await until(() => findByArgument(marker).length === 0, 'the command has ended');
    // Its init waits for a reader.
    expect(lab.containers.get('box')).toMatchObject({ status: 'running' });
    const container = await holders.take();
    const text = listen(container);
    expect(await container.exited).toMatchObject({ exitCode: 3, signal: null });
    await until(() => container.terminal?.readableEnded === true, 'it has ended');
    expect(text().trim().split('\r\n')).toEqual(Array.from({ length: 400 }, (_, index) => String(index + 1)));
  });

  it('of which nobody reads the end goes with a kill', async (context) => {
    requires(context, { root: mode.isolation === 'cgroup' });
    const marker = makeMarker();
    const holder = await holders.start(['sh', '-c', 'sleep 0.3; echo unread', marker], { ...mode, terminal: true });
    await holder.die();
    await until(() => findByArgument(marker).length === 0, 'the command has ended');
    const container = await holders.take();
    expect(await container.kill()).toMatchObject({ gone: true });
    expect(await container.exited).toMatchObject({ exitCode: 0 });
  });

  it('is passed on from one owner to the next, again and again', async (context) => {
    requires(context, { root: mode.isolation === 'cgroup' });
    const script = 'stty -echo; while read line; do echo "got $line"; done';
    const first = await holders.start(['sh', '-c', script], { ...mode, terminal: true });
    first.type('0\n');
    await until(() => first.text().includes('got 0'), 'the first owner sees it');
    await first.die();
    const container = await holders.take();
    const text = listen(container);
    for (let round = 1; round < 4; round++) {
      container.terminal?.write(`${String(round)}\n`);
      await until(() => text().includes(`got ${String(round)}`), 'it answers');
    }
    await container.kill();
  });
});

describe('a standard input that is kept', () => {
  it.for(Object.entries(MODES))('is not at its end when the owner dies, with %s', async ([, mode], context) => {
    requires(context, { root: mode.isolation === 'cgroup' });
    const output = join(lab.directory(), 'output');
    const script = 'while read line; do echo "got $line"; done; echo the end';
    const streams = { stdin: 'keep', stdout: { file: output }, stderr: 'ignore' } as const;
    const holder = await holders.start(['sh', '-c', script], { ...mode, ...streams });
    const said = (): string => readFileSync(output, 'utf8');
    holder.type('one\n');
    await until(() => said() === 'got one\n', 'the first owner is heard');
    await holder.die();
    const container = await holders.take();
    expect(container.stdin).not.toBeNull();
    container.stdin?.write('two\n');
    await until(() => said() === 'got one\ngot two\n', 'the new owner is heard');
    await container.kill();
    expect(said()).not.toContain('the end');
  });

  it('is held by the init alone, and by nobody inside', async () => {
    const marker = makeMarker();
    const holder = await holders.start(['sh', '-c', 'exec sleep 1000', marker], { stdin: 'keep', stdout: 'ignore' });
    const { pid = 0 } = lab.containers.get('box');
    const fds = (of: number): readonly string[] =>
      readdirSync(`/proc/${String(of)}/fd`).map((fd) => `${fd} ${readlinkSync(`/proc/${String(of)}/fd/${fd}`)}`);
    const kept = fds(pid);
    expect(kept).toEqual([expect.stringMatching(/^3 pipe:/)]);
    const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim();
    expect(fds(Number(children)).map((fd) => fd.split(' ')[0])).toEqual(['0', '1', '2']);
    await holder.die();
    await (await holders.take()).kill();
  });
});

describe('what an init keeps', () => {
  it('costs no memory that counts', async (context) => {
    const pss = (pid = 0): number =>
      Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8'))?.[1]);
    const plain = await lab.spawn(['sleep', '1000']);
    const before = pss(plain.pid);
    const holder = await holders.start(['sleep', '1000'], { terminal: true });
    const after = pss(lab.containers.get('box').pid);
    await context.annotate(`PSS: ${String(before)} KiB plain, ${String(after)} KiB with a terminal`);
    expect(after).toBeLessThanOrEqual(before + 24);
    await holder.die();
    await (await holders.take()).kill();
  });

  it('is nothing without an init: its terminal is hung up, as was said', async () => {
    const script = 'trap "exit 5" HUP; echo ready; while :; do sleep 0.05; done';
    const holder = await holders.start(['sh', '-c', script], { terminal: true, init: false });
    await until(() => holder.text().includes('ready\r\n'), 'it is ready');
    await holder.die();
    const container = await holders.take();
    expect(container.terminal).toBeNull();
    const { exitCode, statusUnknown } = await container.exited;
    expect(statusUnknown === true ? 5 : exitCode).toBe(5);
  });
});
