import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { punchHole } from '../../../src/native/holes.js';
import { movePipe } from '../../../src/native/pipes.js';
import { JSON_LOG, flood, makeDirectory, readLines, readTexts, startRun, waitFor } from '../../helpers/logs.js';

const MIB = 1024 * 1024;

describe('the log of a keeper that died', () => {
  it('goes on behind the last whole line, wherever it was cut', async () => {
    const directory = makeDirectory();
    const expected: string[] = [];
    for (let round = 0; round < 150; round += 1) {
      const { log, out, err } = startRun(directory);
      for (let line = 0; line < 1 + (round % 3); line += 1) {
        const text = `${String(round)}.${String(line)} ${'é"x'.repeat(round % 7)}`;
        expected.push(text);
        (round % 5 === 1 ? err : out)(`${text}\n`);
      }
      await waitFor('all is in the log', async () => (await readTexts(directory)).length >= expected.length);
      log.close();
      // As if the last write(2) had not come to its end.
      const { size } = statSync(log.path!);
      const last = readFileSync(log.path!).lastIndexOf(0x0a, size - 2) + 1;
      truncateSync(log.path!, last + Math.floor(Math.random() * (size - last + 1)));
    }
    const { log } = startRun(directory);
    await log.finish();
    expect(byNumber(await readTexts(directory))).toEqual(byNumber(expected));
  });

  it('knows of a spool that was emptied, and of which nobody has said so', async () => {
    const directory = makeDirectory();
    const first = startRun(directory);
    first.out('one\n');
    first.err('error one\n');
    await waitFor('all is in the log', async () => (await readTexts(directory)).length === 2);
    first.log.close();
    truncateSync(join(directory, 'stdout.spool'), 0);
    const second = startRun(directory);
    // More than there was.
    second.out('two, and so on\n');
    await second.log.finish();
    expect((await readTexts(directory)).sort()).toEqual(['error one', 'one', 'two, and so on']);
  });

  it('is taken for what it is, where somebody has written into it or emptied it', async () => {
    const directory = makeDirectory();
    const first = startRun(directory);
    first.out('one\n');
    await waitFor('it is in the log', async () => (await readTexts(directory)).length === 1);
    const fd = openSync(first.log.path!, 'a');
    writeSync(fd, 'nonsense\n{"time":5}\n\0\0\0');
    first.log.close();
    const second = startRun(directory);
    second.out('two\n');
    await waitFor('it is in the log', async () => (await readTexts(directory)).length === 2);
    ftruncateSync(fd, 0);
    closeSync(fd);
    second.out('three\n');
    await second.log.finish();
    expect(await readTexts(directory)).toEqual(['three']);
    expect(readFileSync(second.log.path!, 'utf8')).toMatch(/^\{"mark":/);
  });
});

describe('a spool', () => {
  it('gives back the room of what is in the log', async (context) => {
    const directory = makeDirectory();
    const { log, out, streams } = startRun(directory);
    const path = join(directory, 'stdout.spool');
    const fd = openSync(path, 'r+');
    const makesHoles = punchHole({ fd, path }, 0, 4096);
    closeSync(fd);
    if (!makesHoles) context.skip('the file system of the temporary directory makes no holes');
    const line = `${'x'.repeat(1023)}\n`;
    await flood(streams.stdout, line.repeat(8 * 1024));
    await waitFor('all has come through the pipe', () => statSync(path).size === 8 * MIB);
    await waitFor('most of it is given back', () => statSync(path).blocks * 512 < 2.2 * MIB);
    out('the end\n');
    await log.finish();
    const lines = await readTexts(directory);
    expect(lines).toHaveLength(8 * 1024 + 1);
    expect(lines.at(-1)).toBe('the end');
    expect(new Set(lines.slice(0, -1))).toEqual(new Set([line.trimEnd()]));
  });

  it('of which too much is not in the log gets nothing more, and who writes waits', async () => {
    const directory = makeDirectory();
    const told: string[] = [];
    const { log, streams } = startRun(directory, JSON_LOG, { onError: ({ message }) => told.push(message) });
    mkdirSync(log.path!);
    const line = `${'x'.repeat(1023)}\n`;
    const path = join(directory, 'stdout.spool');
    // As if it had come through the pipe.
    appendFileSync(path, line.repeat(16 * 1024 + 1));
    let isWritten = false;
    const writing = flood(streams.stdout, line.repeat(3 * 1024)).then(() => {
      isWritten = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(statSync(path).size).toBe((16 * 1024 + 1) * 1024);
    expect(isWritten).toBe(false);
    expect(told).toEqual([`open ${log.path!}: EISDIR (illegal operation on a directory)`]);
    rmdirSync(log.path!);
    await writing;
    await log.finish();
    expect(await readLines(directory)).toHaveLength(19 * 1024 + 1);
  });
});

describe('a pipe', () => {
  it('is not emptied by whoever opens it anew', async () => {
    const directory = makeDirectory();
    const { log, streams } = startRun(directory);
    const script = 'for i in $(seq 1000); do echo line $i > /dev/stderr; echo out $i > /dev/stdout; done';
    const { stdout, stderr } = streams;
    const child = spawn('sh', ['-c', script], { stdio: ['ignore', stdout, stderr] });
    expect(await once(child, 'close')).toEqual([0, null]);
    await log.finish();
    const lines = await readLines(directory);
    for (const [stream, word] of [
      ['stderr', 'line'],
      ['stdout', 'out'],
    ]) {
      const found = lines.filter((line) => line.stream === stream).map(({ data }) => Buffer.from(data).toString());
      expect(found).toEqual(Array.from({ length: 1000 }, (_, index) => `${word!} ${String(index + 1)}`));
    }
  });

  it('is read to its end when the run has ended', async () => {
    const directory = makeDirectory();
    const { log, out, err } = startRun(directory);
    // More than is moved at a time, and nobody has had the time to look.
    out(`${'x'.repeat(1023)}\n`.repeat(1000));
    err('half a line');
    await log.finish();
    const lines = await readLines(directory);
    expect(lines).toHaveLength(1001);
    expect(lines.find(({ stream }) => stream === 'stderr')).toMatchObject({ partial: true });
  });

  it('of an earlier run leads nowhere', async () => {
    const directory = makeDirectory();
    const first = startRun(directory);
    first.out('one\n');
    await waitFor('it is in the log', async () => (await readTexts(directory)).length === 1);
    first.log.close();
    const second = startRun(directory);
    first.out('late\n');
    second.out('two\n');
    await second.log.finish();
    expect(await readTexts(directory)).toEqual(['one', 'two']);
  });

  it('is moved once, by the init of the container or by the log', async () => {
    const directory = makeDirectory();
    const { log, streams } = startRun(directory);
    const text = Array.from({ length: 200_000 }, (_, index) => `line ${String(index)}\n`).join('');
    const { pipe, spool } = streams.kept!.stdout;
    const writing = flood(streams.stdout, text);
    const written = new AbortController();
    void writing.then(() => {
      written.abort();
    });
    // As if it had ended again and again.
    while (!written.signal.aborted) {
      movePipe(pipe, { fd: spool, path: 'spool' }, 10_000);
      await new Promise(setImmediate);
    }
    await log.finish();
    const found = await readTexts(directory);
    expect(found.length).toBe(200_000);
    expect(`${found.join('\n')}\n` === text).toBe(true);
  });

  it('waits while somebody else moves it', async () => {
    const directory = makeDirectory();
    const { log, out, streams } = startRun(directory);
    const { spool } = streams.kept!.stdout;
    expect(addon.flock({ fd: spool, operation: 'exclusive' })).toBe(true);
    out('one\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(statSync(join(directory, 'stdout.spool')).size).toBe(0);
    setTimeout(() => addon.flock({ fd: spool, operation: 'unlock' }), 100);
    await log.finish();
    expect(await readTexts(directory)).toEqual(['one']);
  });
});

describe('rotation', () => {
  const records = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

  it('fills files as far as they may be, and not one byte further', async () => {
    const directory = makeDirectory();
    const policy = { driver: 'json', maxSize: 4000, maxFiles: 1000 } as const;
    const { log, out } = startRun(directory, policy);
    const expected = Array.from({ length: 700 }, (_, index) => `${String(index)} ${'"'.repeat((index * 37) % 300)}`);
    for (const [index, text] of expected.entries()) {
      out(`${text}\n`);
      if (index % 100 === 0) await waitFor('it is in the log', () => lastEnd(log.path!) > 0);
    }
    out(`${'long'.repeat(2000)}\n`);
    out('last\n');
    await log.finish();
    expect(await readTexts(directory, policy)).toEqual([...expected, 'long'.repeat(2000), 'last']);
    const files = [
      log.path!,
      ...Array.from({ length: 40 }, (_, index) => join(directory, `log.${String(index + 1)}.json`)),
    ];
    for (const [index, path] of files.slice(1).entries()) {
      const { size } = statSync(path);
      const [mark = '', first = ''] = records(files[index]!);
      expect(mark).toMatch(/^\{"mark":/);
      const isAlone = records(path).length === 2 && size > policy.maxSize;
      if (!isAlone) expect(size).toBeLessThanOrEqual(policy.maxSize);
      expect(size + Buffer.byteLength(first) + 1, 'the next line had no room').toBeGreaterThan(policy.maxSize);
    }
  });

  it('keeps as many files as it may', async () => {
    for (const maxFiles of [1, 2, undefined]) {
      const directory = makeDirectory();
      const policy = { driver: 'json', maxSize: 2000, ...(maxFiles === undefined ? {} : { maxFiles }) } as const;
      const { log, out } = startRun(directory, policy);
      for (let line = 0; line < 300; line += 1) out(`line ${String(line)}\n`);
      await log.finish();
      const lines = await readTexts(directory, policy);
      expect(lines.at(-1)).toBe('line 299');
      const first = Number(lines[0]!.slice(5));
      expect(lines).toEqual(Array.from({ length: 300 - first }, (_, index) => `line ${String(first + index)}`));
      const most = 2000 * (maxFiles ?? 5);
      const total = lines.length * 110;
      expect(total).toBeLessThan(most);
      expect(lines.length).toBeGreaterThan(10 * ((maxFiles ?? 5) - 1));
    }
  });

  it('loses nothing when its keeper dies in the middle of it', async () => {
    const policy = { driver: 'json', maxSize: 2000, maxFiles: 5 } as const;
    // What is renamed already at that moment, of log.json, log.1.json and log.2.json.
    for (const renamed of [[], [2], [2, 1], [2, 1, 0]]) {
      const directory = makeDirectory();
      const path = (index: number): string => join(directory, index === 0 ? 'log.json' : `log.${String(index)}.json`);
      const first = startRun(directory, policy);
      for (let line = 0; line < 45; line += 1) first.out(`line ${String(line)}\n`);
      first.err('error\n');
      await waitFor('all is in the log', async () => (await readTexts(directory, policy)).length === 46);
      first.log.close();
      for (const index of renamed) renameSync(path(index), path(index + 1));
      const second = startRun(directory, policy);
      for (let line = 45; line < 50; line += 1) second.out(`line ${String(line)}\n`);
      await second.log.finish();
      const lines = (await readTexts(directory, policy)).filter((text) => text !== 'error');
      expect(lines).toEqual(Array.from({ length: 50 }, (_, index) => `line ${String(index)}`));
    }
  });
});

function byNumber(lines: readonly string[]): string[] {
  return lines.toSorted((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
}

/** How much of standard output is in the log. */
function lastEnd(path: string): number {
  if (!existsSync(path)) return 0;
  const fd = openSync(path, 'r');
  const tail = Buffer.alloc(4096);
  const length = readSync(fd, tail, 0, tail.length, Math.max(0, fstatSync(fd).size - tail.length));
  closeSync(fd);
  return Math.max(0, ...[...tail.toString('latin1', 0, length).matchAll(/"end":(\d+)/g)].map(([, end]) => Number(end)));
}
