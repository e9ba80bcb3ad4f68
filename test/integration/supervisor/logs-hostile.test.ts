import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogPolicy } from '../../../src/supervisor/types.js';
import { LogWorker, bundleLogWorker } from '../../helpers/log-worker-process.js';
import { JSON_LOG, readTexts, waitFor } from '../../helpers/logs.js';
import { requires } from '../../helpers/requires.js';

let directory: string;
let script: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'corral-logs-'));
  script = await bundleLogWorker(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A keeper whose log is on a file system of its own, of half a megabyte, that only it and its descendants see. */
async function startOnSmallDisk(name: string, policy: LogPolicy): Promise<{ worker: LogWorker; disk: string }> {
  const path = join(directory, name);
  mkdirSync(path);
  const mount = 'mount -t tmpfs -o size=512k none "$0" && exec "$@"';
  const worker = new LogWorker(script, path, policy, ['unshare', '--mount', 'sh', '-c', mount, path]);
  await worker.ready();
  return { worker, disk: worker.pathOf(path) };
}

/** Takes all room but some pages. */
function fill(disk: string, leave: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - leave));
}

describe('a file system without room', () => {
  it('has the log wait, and lose nothing', async (context) => {
    requires(context, { root: true, programs: ['unshare', 'mount'] });
    const { worker, disk } = await startOnSmallDisk('wait', JSON_LOG);
    const expected = Array.from({ length: 800 }, (_, index) => `line ${String(index)} ${'x'.repeat(index % 50)}`);
    const [first, second] = [expected.slice(0, 400), expected.slice(400)];
    try {
      for (const [episode, lines] of [first, second].entries()) {
        const text = lines.map((line) => `${line}\n`).join('');
        fill(disk, text.length + 16_384);
        appendFileSync(join(disk, 'stdout.pipe'), text);
        await waitFor('it says so', () => worker.said.length > episode);
        expect(worker.said.at(-1)).toMatch(/^error write .*[/]log[.]json: ENOSPC \(no space left on device\)$/);
        const some = await readTexts(disk);
        // What had room is there.
        expect(some.length).toBeGreaterThan(episode * 400);
        expect(some.length).toBeLessThan(episode * 400 + 400);
        // It is tried again meanwhile, and nobody wants to hear that.
        await new Promise((resolve) => setTimeout(resolve, 1500));
        expect(worker.said).toHaveLength(episode + 1);
        rmSync(join(disk, 'filler'));
        await waitFor('all is in the log', async () => (await readTexts(disk)).length === episode * 400 + 400);
      }
      expect(await readTexts(disk)).toEqual(expected);
      expect(existsSync(join(directory, 'wait/log.json')), 'it was on that file system').toBe(false);
    } finally {
      await worker.kill();
    }
  });

  it('has who writes wait, where there is none for what was written', async (context) => {
    requires(context, { root: true, programs: ['unshare', 'mount'] });
    const { worker, disk } = await startOnSmallDisk('pipe', JSON_LOG);
    try {
      const lines = Array.from({ length: 10_000 }, (_, index) => `line ${String(index)}`);
      const text = lines.map((line) => `${line}\n`).join('');
      appendFileSync(join(disk, 'stdout.pipe'), 'first\n');
      await waitFor('it is in the log', async () => (await readTexts(disk)).length === 1);
      fill(disk, 8192);
      appendFileSync(join(disk, 'stdout.pipe'), text);
      await waitFor('it says so', () => worker.said.length > 0);
      expect(worker.said[0]).toMatch(/^error write .*: ENOSPC \(no space left on device\)$/);
      expect((await readTexts(disk)).length).toBeLessThan(1000);
      rmSync(join(disk, 'filler'));
      await waitFor('all is in the spool', async () => (await readTexts(disk)).length > 2000);
      expect((await readTexts(disk)).slice(0, 2000)).toEqual(['first', ...lines].slice(0, 2000));
    } finally {
      await worker.kill();
    }
  });

  it('has a rotated log make room for itself', async (context) => {
    requires(context, { root: true, programs: ['unshare', 'mount'] });
    const policy: LogPolicy = { driver: 'json', maxSize: 40_000, maxFiles: 3 };
    const { worker, disk } = await startOnSmallDisk('rotate', policy);
    try {
      const lines = Array.from({ length: 5000 }, (_, index) => `line ${String(index)}`);
      // A reader keeps the room of the files that it has open, when they are removed: as many again.
      fill(disk, 5000 * 10 + 2 * 3 * 40_960 + 40_960);
      for (let index = 0; index < lines.length; index += 100) {
        appendFileSync(join(disk, 'stdout.pipe'), `${lines.slice(index, index + 100).join('\n')}\n`);
      }
      await waitFor('all is in the log', async () => (await readTexts(disk, policy, { tail: 1 }))[0] === 'line 4999');
      expect(worker.said).toEqual([]);
      const found = await readTexts(disk, policy);
      expect(found).toEqual(lines.slice(-found.length));
    } finally {
      await worker.kill();
    }
  });

  it('has finish() fail, and the next one go on', async (context) => {
    requires(context, { root: true, programs: ['unshare', 'mount'] });
    const { worker, disk } = await startOnSmallDisk('finish', JSON_LOG);
    const path = join(directory, 'finish');
    // Holds the file system while there is no keeper.
    const holder = new LogWorker(script, `${path}/other`, JSON_LOG, ['nsenter', '-t', String(worker.pid), '-m']);
    await holder.ready();
    try {
      const text = Array.from({ length: 1000 }, (_, index) => `line ${String(index)}\n`).join('');
      fill(disk, text.length + 8192);
      appendFileSync(join(disk, 'stdout.pipe'), text);
      expect(await worker.finish()).toMatch(/^failed SyscallError: write .*: ENOSPC/);
      const there = holder.pathOf(path);
      rmSync(join(there, 'filler'));
      const next = new LogWorker(script, path, JSON_LOG, ['nsenter', '-t', String(holder.pid), '-m']);
      expect(await next.finish()).toBe('finished');
      expect((await readTexts(there)).map((line) => `${line}\n`).join('')).toBe(text);
    } finally {
      await holder.kill();
    }
  });
});

describe('a user without inotify watches', () => {
  it('has a log all the same', async (context) => {
    requires(context, { root: true, programs: ['unshare'] });
    const path = join(directory, 'watchless');
    const limit = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const wrapper = ['unshare', '--user', '--map-root-user', 'sh', '-c', limit, 'sh'];
    const worker = new LogWorker(script, path, JSON_LOG, wrapper);
    try {
      await worker.ready();
      for (const line of ['one', 'two']) {
        appendFileSync(join(path, 'stdout.pipe'), `${line}\n`);
        await waitFor('it is in the log', async () => (await readTexts(path)).at(-1) === line);
      }
      expect(await worker.finish()).toBe('finished');
      expect(await readTexts(path)).toEqual(['one', 'two']);
    } finally {
      await worker.kill();
    }
  });
});
