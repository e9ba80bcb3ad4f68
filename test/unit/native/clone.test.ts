import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { launchInit } from '../../../src/native/launch.js';
import { openInitImage } from '../../../src/native/init-image.js';
import { Pidfd } from '../../../src/native/pidfd.js';
import { isKernel } from '../../helpers/kernel.js';
import { run, shell } from './launch-helper.js';

const countFds = (): number => readdirSync('/proc/self/fd').length;

describe('clone3', () => {
  test.each(['clone3', 'fork'] as const)('by %s runs the executable', async (method) => {
    const { pid, pidfd } = await addon.clone3({
      flags: 0,
      executableFd: openInitImage(),
      argv: ['corral-init'],
      environment: [],
      keepFds: [],
      method,
    });
    using child = Pidfd.adopt(pidfd);
    expect(pid).toBeGreaterThan(1);
    // Without its argument it gives up.
    expect(await child.wait()).toEqual({ exitCode: 125, signal: null });
  });

  test('reports the errno of the exec, and leaves no zombie', async () => {
    const before = countFds();
    const request = { flags: 0, executableFd: 999_999, argv: ['x'], environment: [], keepFds: [] };
    for (const method of ['clone3', 'fork'] as const) {
      const clone = addon.clone3({ ...request, method });
      await expect(clone).rejects.toMatchObject({ errno: 9, syscall: 'execveat' });
    }
    expect(countFds()).toBe(before);
  });

  test('reports its own errno', async () => {
    await expect(launchInit({ flags: 0x8000_0000_0000 })).rejects.toMatchObject({ code: 'EINVAL', syscall: 'clone3' });
    await expect(launchInit({ flags: 0, cgroupFd: openInitImage() })).rejects.toMatchObject({ syscall: 'clone3' });
  });

  test('works beside busy threads and other children', async () => {
    const workers = Array.from(
      { length: 8 },
      () => new Worker('let a = []; for (;;) a = [{ ...a }, new Uint8Array(100)];', { eval: true }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'online')));
    const others = Array.from({ length: 20 }, async (_, index) => {
      const child = spawn('/bin/sh', ['-c', `exit ${String(index)}`]);
      expect(await once(child, 'exit')).toEqual([index, null]);
    });
    const ours = Array.from({ length: 40 }, async (_, index) => {
      const { result } = await run([shell(`exit ${String(index)}`)]);
      expect(result).toEqual({ exitCode: index, signal: null });
    });
    await Promise.all([...others, ...ours]);
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
});

describe('a pidfd', () => {
  test('waits for several callers at once', async () => {
    const launched = await launchInit({ flags: 0 });
    using child = Pidfd.adopt(launched.pidfd);
    expect(child.poll()).toBeUndefined();
    const waits = [child.wait(), child.wait()];
    child.signal(9);
    expect(await Promise.all(waits)).toEqual(Array(2).fill({ exitCode: null, signal: 9 }));
    expect(child.poll()).toEqual({ exitCode: null, signal: 9 });
    expect(() => child.signal(9)).toThrow(/ESRCH/);
  });

  test('of another process cannot be waited for', async () => {
    using parent = Pidfd.open(process.ppid);
    await expect(parent.wait()).rejects.toMatchObject({ code: 'ECHILD' });
  });

  test('tells everybody how it ended on kernels that do', async () => {
    const child = spawn('sh', ['-c', 'read line; exit 5']);
    using other = Pidfd.open(child.pid!);
    expect(other.readWaitStatus()).toBeUndefined();
    const ended = once(child, 'exit');
    child.stdin.end('\n');
    await other.untilExit();
    await ended;
    expect(other.readWaitStatus()).toBe(isKernel(6, 15) ? 5 << 8 : undefined);
  });

  test('knows its cgroup on kernels that tell', () => {
    using self = Pidfd.open(process.pid);
    try {
      const info = addon.pidfdGetInfo({ pidfd: self.fd });
      expect(info.pid).toBe(process.pid);
      expect(info.cgroupId).toBeGreaterThan(0n);
    } catch (error) {
      expect(error).toMatchObject({ errno: 25 });
    }
  });
});
