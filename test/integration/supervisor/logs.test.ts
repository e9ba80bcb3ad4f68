import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLog } from '../../../src/supervisor/logs/open.js';
import { logDiskUse, removeLog } from '../../../src/supervisor/logs/remove.js';
import type { LogPolicy } from '../../../src/supervisor/types.js';
import { JSON_LOG, makeDirectory, readLines, readTexts, startRun } from '../../helpers/logs.js';
import { requires } from '../../helpers/requires.js';

const RAW_LOG: LogPolicy = { driver: 'raw' };

describe('a raw log', () => {
  it('is one file, in which the runs follow each other', async () => {
    const directory = join(makeDirectory(), 'new');
    const first = startRun(directory, RAW_LOG);
    first.out('out\n');
    first.err('err\n');
    await first.log.finish();
    startRun(directory, RAW_LOG).out('second run');
    expect(first.log.path).toBe(join(directory, 'log'));
    expect(readFileSync(first.log.path!, 'utf8')).toBe('out\nerr\nsecond run');
    expect([directory, first.log.path!].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o622]);
  });

  it('takes what a terminal shows', async () => {
    const directory = makeDirectory();
    const log = openLog(directory, RAW_LOG, { terminal: true });
    log.appendTerminal(Buffer.from('$ l'));
    expect(readFileSync(log.path!, 'utf8')).toBe('$ l');
    log.appendTerminal(Buffer.from('s\r\n'));
    await log.finish();
    expect(readFileSync(log.path!, 'utf8')).toBe('$ ls\r\n');
  });
});

describe('a JSON log', () => {
  it('has a line for each, with time, stream and offset', async () => {
    const directory = makeDirectory();
    const { log, out, err } = startRun(directory);
    const before = new Date().toISOString();
    out('one\ntw');
    err('é\n');
    await log.finish();
    const lines = readFileSync(log.path!, 'utf8').split('\n').slice(0, -1);
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => 'time' in line);
    expect(records).toMatchObject([
      { stream: 'stdout', text: 'one', end: 4 },
      { stream: 'stdout', text: 'tw', partial: true, end: 6 },
      { stream: 'stderr', text: 'é', end: 3 },
    ]);
    for (const { time } of records) {
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{9}Z$/);
      expect((time as string) >= before.slice(0, -1)).toBe(true);
    }
  });

  it('goes on in the next run', async () => {
    const directory = makeDirectory();
    for (const run of ['one', 'two', 'three']) {
      const { log, out } = startRun(directory);
      out(`${run}\n`);
      await log.finish();
      expect(statSync(join(directory, 'stdout.spool')).size, 'all is in the log').toBe(0);
    }
    expect(await readTexts(directory)).toEqual(['one', 'two', 'three']);
  });

  it('writes at once, but not half a line', async () => {
    const directory = makeDirectory();
    const { log, out } = startRun(directory);
    out('one\ntw');
    await expect.poll(() => readTexts(directory)).toEqual(['one']);
    out('o\n');
    await expect.poll(() => readTexts(directory)).toEqual(['one', 'two']);
    await log.finish();
    expect((await readLines(directory)).every(({ partial }) => partial === undefined)).toBe(true);
  });

  it('keeps bytes that are no UTF-8, and lines of any length', async () => {
    const directory = makeDirectory();
    const { log, out } = startRun(directory);
    const long = `${'é'.repeat(20_000)}\n`;
    out(Buffer.from([0x61, 0xff, 0x00, 0x0a]));
    out(long);
    await log.finish();
    const [bytes, ...pieces] = await readLines(directory);
    expect(Buffer.from(bytes!.data)).toEqual(Buffer.from([0x61, 0xff, 0x00]));
    expect(pieces.map(({ data, partial }) => [data.length, partial])).toEqual([
      [16_384, true],
      [16_384, true],
      [7232, undefined],
    ]);
    expect(`${Buffer.concat(pieces.map(({ data }) => data)).toString()}\n`).toBe(long);
  });

  it('takes what a terminal shows, at once and without cutting characters', async () => {
    const directory = makeDirectory();
    const show = (log: ReturnType<typeof openLog>, data: string | Buffer): void => {
      log.appendTerminal(Buffer.from(data as string));
    };
    const log = openLog(directory, JSON_LOG, { terminal: true });
    expect(log.openStreams()).toMatchObject({ stdout: 'ignore', stderr: 'ignore' });
    show(log, '$ ');
    expect(await readTexts(directory)).toEqual(['$ ']);
    const euro = Buffer.from('€');
    show(log, euro.subarray(0, 2));
    show(log, Buffer.concat([euro.subarray(2), Buffer.from('\r\nnext')]));
    log.close();
    const next = openLog(directory, JSON_LOG, { terminal: true });
    show(next, ' line\r\n');
    show(next, euro.subarray(0, 1));
    await next.finish();
    const lines = await readLines(directory);
    expect(lines.map(({ data, partial = false }) => [Buffer.from(data).toString(), partial])).toEqual([
      ['$ ', true],
      ['€\r', false],
      ['next', true],
      [' line\r', false],
      ['\ufffd', true],
    ]);
    expect(readdirSync(directory)).toEqual(['log.json']);
  });

  it('is nobody’s but the supervisor’s, and pipes, and a raw log, are the container user’s', async (context) => {
    requires(context, { root: true });
    for (const policy of [JSON_LOG, RAW_LOG]) {
      const directory = makeDirectory();
      const log = openLog(directory, policy);
      const owner = { uid: 100_007, gid: 100_008 };
      const { stdout, stderr, close } = log.openStreams(owner);
      // As in a container: it has the descriptors, and cannot see where they lead.
      const script = 'echo one; echo two >> /dev/stdout; echo three >> /dev/stderr';
      const child = spawnSync('sh', ['-c', script], { ...owner, stdio: ['ignore', stdout, stderr] });
      const files = readdirSync(directory).map((name) => [name, statSync(join(directory, name))] as const);
      for (const [name, { uid, mode }] of files) {
        expect(uid, name).toBe(name === 'log' || name.endsWith('.pipe') ? owner.uid : 0);
        expect(mode & 0o777, name).toBe(name.endsWith('.pipe') ? 0o622 : 0o600);
      }
      close();
      expect(child.status).toBe(0);
      await log.finish();
      expect((await readTexts(directory, policy)).join('\n').trim()).toBe('one\ntwo\nthree');
      expect(readdirSync(directory).filter((name) => name.endsWith('.pipe'))).toEqual([]);
    }
  });
});

describe('no log', () => {
  it('is no file, and nothing to read', async () => {
    const directory = makeDirectory();
    const log = openLog(directory, { driver: 'none' });
    expect(log.openStreams()).toMatchObject({ stdout: 'ignore', stderr: 'ignore' });
    log.appendTerminal(Buffer.from('x'));
    await log.finish();
    log.close();
    expect(log.path).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    await expect(readLines(directory, { driver: 'none' })).rejects.toMatchObject({
      code: 'ERR_UNSUPPORTED',
      hint: 'make the container with --log-driver json',
    });
  });
});

describe('a log that is there', () => {
  it('has a size, and can be removed', async () => {
    const directory = makeDirectory();
    const policy: LogPolicy = { driver: 'json', maxSize: 20_000, maxFiles: 3 };
    const { log, out } = startRun(directory, policy);
    writeFileSync(join(directory, 'record'), '');
    mkdirSync(join(directory, 'logs'));
    for (let line = 0; line < 1000; line += 1) out(`line ${String(line)} ${'x'.repeat(50)}\n`);
    await log.finish();
    expect(readdirSync(directory).filter((name) => name.endsWith('.json'))).toHaveLength(3);
    expect(logDiskUse(directory)).toBeGreaterThan(40_000);
    expect(logDiskUse(directory)).toBeLessThan(200_000);
    removeLog(directory);
    expect(readdirSync(directory)).toEqual(['logs', 'record']);
    expect(logDiskUse(directory)).toBe(0);
    removeLog(join(directory, 'missing'));
    expect(existsSync(join(directory, 'missing'))).toBe(false);
  });

  it('cannot be opened where there can be no directory', () => {
    const directory = makeDirectory();
    writeFileSync(join(directory, 'file'), '');
    const path = join(directory, 'file/log');
    expect(() => openLog(path, RAW_LOG)).toThrow(`make directory ${path}: ENOTDIR (not a directory)`);
  });
});
