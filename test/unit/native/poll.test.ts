import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmdirSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { untilReady } from '../../../src/native/fd-watch.js';
import { findCgroup2 } from './cgroup2.js';
import { shell, start } from './launch-helper.js';
import { describeWhen } from '../../helpers/when.js';

const ADDON = fileURLToPath(new URL('../../../build/Release/corral.node', import.meta.url));
const root = findCgroup2();

describeWhen(root !== undefined, 'needs cgroup v2')('a poll of cgroup.events', () => {
  const cgroup = `${root ?? ''}/corral-native-test-${String(process.pid)}`;
  beforeAll(() => mkdirSync(cgroup));
  afterAll(() => rmdirSync(cgroup));

  const read = (fd: number): string => {
    const buffer = Buffer.alloc(4096);
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, 0));
  };

  test('fires when the last process has gone', async () => {
    const events = openSync(`${cgroup}/cgroup.events`, 'r');
    const directory = openSync(cgroup, 'r');
    expect(read(events)).toContain('populated 0');
    const started = await start([shell('sleep 0.05')], { cgroupFd: directory });
    closeSync(directory);
    expect(readFileSync(`/proc/${String(started.pid)}/cgroup`, 'utf8')).toContain('corral-native-test');
    expect(read(events)).toContain('populated 1');
    await untilReady(events, 'priority');
    expect(read(events)).toContain('populated 0');
    closeSync(events);
    await started.finish();
  });

  test('stays quiet while nothing changes', async () => {
    const events = openSync(`${cgroup}/cgroup.events`, 'r');
    read(events);
    const signal = AbortSignal.timeout(30);
    await expect(untilReady(events, 'priority', { signal })).rejects.toThrow(/timeout/);
    closeSync(events);
  });

  test('fires again for a reader that comes late', async () => {
    const events = openSync(`${cgroup}/cgroup.events`, 'r');
    read(events);
    writeFileSync(`${cgroup}/cgroup.freeze`, '1');
    await untilReady(events, 'priority');
    await untilReady(events, 'priority');
    expect(read(events)).toContain('frozen 1');
    writeFileSync(`${cgroup}/cgroup.freeze`, '0');
    closeSync(events);
  });
});

describe('a poll', () => {
  test('runs promises after its callback', async () => {
    const [readEnd, writeEnd] = addon.pipe();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      const handle = addon.pollStart({
        fd: readEnd,
        events: 'readable',
        ref: true,
        onReady: () => {
          handle.stop();
          queueMicrotask(() => order.push('microtask'));
          process.nextTick(() => order.push('tick'));
          setImmediate(resolve);
          order.push('callback');
        },
      });
      writeSync(writeEnd, 'x');
    });
    expect(order).toEqual(['callback', 'tick', 'microtask']);
    closeSync(readEnd);
    closeSync(writeEnd);
  });

  test('refuses a regular file', async () => {
    const fd = openSync(ADDON, 'r');
    await expect(untilReady(fd, 'readable')).rejects.toMatchObject({ code: 'EPERM', syscall: 'epoll_ctl' });
    closeSync(fd);
  });

  test('that is aborted frees the descriptor for the next', async () => {
    const [readEnd, writeEnd] = addon.pipe();
    const controller = new AbortController();
    const wait = untilReady(readEnd, 'readable', { signal: controller.signal });
    controller.abort();
    await expect(wait).rejects.toMatchObject({ name: 'AbortError' });
    writeSync(writeEnd, 'x');
    await untilReady(readEnd, 'readable');
    closeSync(readEnd);
    closeSync(writeEnd);
  });

  test('does not outlive its worker thread', async () => {
    const script = `
      const addon = require(${JSON.stringify(ADDON)});
      const { parentPort } = require('node:worker_threads');
      const [fd] = addon.pipe();
      const polls = [
        addon.pollStart({ fd, events: 'readable', ref: true, onReady() {} }),
      ];
      globalThis.kept = polls;
      parentPort.postMessage('up');`;
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(script, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      expect(await worker.terminate()).toBe(1);
    }
  });

  test('ends with its process, with its object, and without either', () => {
    const script = `
      const addon = require(${JSON.stringify(ADDON)});
      const listen = (ref) => {
        const [fd] = addon.pipe();
        return addon.pollStart({ fd, events: 'readable', ref, onReady() {} });
      };
      globalThis.kept = listen(false);
      for (let i = 0; i < 100; i++) listen(true);
      for (let i = 0; i < 100; i++) { const poll = listen(true); poll.ref(); poll.unref(); poll.stop(); poll.stop(); }
      setTimeout(() => { gc(); setTimeout(() => { gc(); console.log('end'); }, 5); }, 5);`;
    const out = execFileSync(process.execPath, ['--expose-gc', '-e', script], { timeout: 5000, encoding: 'utf8' });
    expect(out).toBe('end\n');
  });

  test('whose callback throws is an uncaught exception', () => {
    const script = `
      const addon = require(${JSON.stringify(ADDON)});
      const [fd, end] = addon.pipe();
      process.on('uncaughtException', (error) => { console.log(error.message); poll.stop(); });
      const poll = addon.pollStart({ fd, events: 'readable', ref: true, onReady() { throw new Error('mine'); } });
      require('node:fs').writeSync(end, 'x');`;
    expect(execFileSync(process.execPath, ['-e', script], { timeout: 5000, encoding: 'utf8' })).toBe('mine\n');
  });
});

describe('a wrong type', () => {
  const raw = createRequire(import.meta.url)(ADDON) as Record<string, (...args: unknown[]) => unknown>;
  const names = Object.keys(raw).filter((name) => !['socketpair', 'pipe', 'eventFd'].includes(name));

  test.each(names)('is a TypeError in %s, not a crash', (name) => {
    const hostile = {
      get fd(): never {
        throw new TypeError('getter');
      },
    };
    const proxy = new Proxy({}, { get: () => Symbol('x') });
    for (const args of [[], [1], [null], [undefined], [{}], [hostile], [proxy], [[]], [{}, {}], ['x']]) {
      expect(() => raw[name]?.(...args)).toThrow(TypeError);
    }
  });
});
