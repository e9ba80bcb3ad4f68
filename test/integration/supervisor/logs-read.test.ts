import { appendFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readLog } from '../../../src/supervisor/logs/read.js';
import type { LogLine, LogQuery } from '../../../src/supervisor/logs/types.js';
import type { LogPolicy } from '../../../src/supervisor/types.js';
import { JSON_LOG, makeDirectory, readLines, readTexts, startRun, texts, waitFor } from '../../helpers/logs.js';

const RAW_LOG: LogPolicy = { driver: 'raw' };

const SMALL: LogPolicy = { driver: 'json', maxSize: 2000, maxFiles: 50 };

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `line ${String(from + index)}`);

/** Reads on in the background. */
function follow(directory: string, policy: LogPolicy, query: LogQuery = {}): Follower {
  const lines: LogLine[] = [];
  const over = new AbortController();
  const read = async (): Promise<void> => {
    for await (const line of readLog(directory, policy, { ...query, follow: true }, { over: over.signal })) {
      lines.push(line);
    }
  };
  return { lines, done: read(), over };
}

interface Follower {
  readonly lines: readonly LogLine[];
  readonly done: Promise<void>;
  readonly over: AbortController;
}

describe('reading a JSON log', () => {
  it('begins where the last lines do, in whichever file', async () => {
    const directory = makeDirectory();
    const { log, out } = startRun(directory, SMALL);
    out(`${numbers(0, 300).join('\n')}\n`);
    await log.finish();
    for (const tail of [0, 1, 2, 17, 18, 19, 20, 100, 299, 300, 301]) {
      expect(await readTexts(directory, SMALL, { tail }), String(tail)).toEqual(numbers(Math.max(0, 300 - tail), 300));
    }
  });

  it('counts lines, and not their pieces', async () => {
    const directory = makeDirectory();
    const { log, out, err } = startRun(directory, SMALL);
    const long = 'long'.repeat(10_000);
    out('first\n');
    await waitFor('it is in the log', async () => (await readLines(directory, SMALL)).length === 1);
    out(`${long}\n`);
    await waitFor('it is in the log', async () => (await readLines(directory, SMALL)).length === 4);
    err('error\n');
    await waitFor('it is in the log', async () => (await readLines(directory, SMALL)).length === 5);
    out('cut');
    await log.finish();
    const tails = await Promise.all([1, 2, 3].map((tail) => readLines(directory, SMALL, { tail })));
    expect(tails.map((lines) => texts(lines).join('|').replaceAll('long', ''))).toEqual([
      'cut',
      'error|cut',
      '|||error|cut',
    ]);
    expect(tails[2]!.map(({ stream, partial = false }) => [stream, partial])).toEqual([
      ['stdout', true],
      ['stdout', true],
      ['stdout', false],
      ['stderr', false],
      ['stdout', true],
    ]);
  });

  it('takes what lies between two times', async () => {
    const directory = makeDirectory();
    const { log, out } = startRun(directory, SMALL);
    for (let line = 0; line < 60; line += 1) {
      out(`line ${String(line)}\n`);
      if (line % 3 === 0) await delay(3);
    }
    await log.finish();
    const lines = await readLines(directory, SMALL);
    expect(lines).toHaveLength(60);
    const times = lines.map(({ time }) => Date.parse(time!.slice(0, 23) + 'Z'));
    const first = times[20]!;
    const last = times[40]!;
    const after = (since: number): LogLine[] => lines.filter((_, index) => times[index]! >= since);
    const before = (all: readonly LogLine[], until: number): LogLine[] =>
      all.filter(({ time }) => time! <= `${new Date(until).toISOString().slice(0, -1)}000000Z`);
    expect(await readLines(directory, SMALL, { since: first })).toEqual(after(first));
    expect(await readLines(directory, SMALL, { until: last })).toEqual(before(lines, last));
    const between = before(after(first), last);
    expect(between.length).toBeGreaterThan(3);
    expect(await readLines(directory, SMALL, { since: first, until: last })).toEqual(between);
    expect(await readLines(directory, SMALL, { since: first, until: last, tail: 3 })).toEqual(between.slice(-3));
    expect(await readLines(directory, SMALL, { since: first, tail: 1000 })).toEqual(after(first));
    expect(await readLines(directory, SMALL, { since: Date.now() + 1000 })).toEqual([]);
    expect(await readLines(directory, SMALL, { until: 0 })).toEqual([]);
  });

  it('is nothing where there is nothing yet', async () => {
    const directory = makeDirectory();
    for (const policy of [JSON_LOG, RAW_LOG]) {
      for (const query of [{}, { tail: 5 }]) {
        expect(await readLines(directory, policy, query)).toEqual([]);
        expect(await readLines(join(directory, 'missing'), policy, query)).toEqual([]);
        expect(await readLines(join(directory, 'missing'), policy, { ...query, follow: true })).toEqual([]);
      }
    }
  });

  it('does not see half a line', async () => {
    const directory = makeDirectory();
    const { log, out } = startRun(directory);
    out('whole\n');
    await waitFor('it is in the log', async () => (await readTexts(directory)).length === 1);
    log.close();
    appendFileSync(log.path!, `{"time":"2024-11-22T18:03:01.123456789Z","stream":"stdout","text":"ha`);
    for (const query of [{}, { tail: 1 }]) expect(await readTexts(directory, JSON_LOG, query)).toEqual(['whole']);
    const follower = follow(directory, JSON_LOG);
    await waitFor('it reads', () => follower.lines.length === 1);
    const next = startRun(directory);
    next.out('next\n');
    await waitFor('it is read', () => follower.lines.length === 2);
    follower.over.abort();
    await follower.done;
    expect(texts(follower.lines)).toEqual(['whole', 'next']);
  });
});

describe('following a JSON log', () => {
  it('goes through rotations, and ends when the container is over', async () => {
    const directory = makeDirectory();
    const follower = follow(directory, SMALL);
    const { log, out } = startRun(directory, SMALL);
    for (let line = 0; line < 500; line += 5) {
      out(`${numbers(line, line + 5).join('\n')}\n`);
      if (line % 50 === 0) await delay(2);
    }
    await log.finish();
    follower.over.abort();
    await follower.done;
    expect(texts(follower.lines)).toEqual(numbers(0, 500));
  });

  it('goes on where it was, however slowly it is read', async () => {
    const directory = makeDirectory();
    const { log, out } = startRun(directory, SMALL);
    const found: string[] = [];
    const over = new AbortController();
    out(`${numbers(0, 10).join('\n')}\n`);
    await waitFor('it is in the log', async () => (await readLines(directory, SMALL)).length === 10);
    for await (const { data } of readLog(directory, SMALL, { follow: true }, { over: over.signal })) {
      found.push(Buffer.from(data).toString());
      // Several files further.
      if (found.length % 100 === 5) {
        out(`${numbers(found.length + 5, found.length + 105).join('\n')}\n`);
        await delay(20);
      }
      if (found.length === 400) break;
    }
    expect(found).toEqual(numbers(0, 400));
    await log.finish();
  });

  it('misses nothing from the moment on at which it begins', async () => {
    for (const policy of [SMALL, JSON_LOG, RAW_LOG]) {
      const directory = makeDirectory();
      const { log, out } = startRun(directory, policy);
      out('before\n');
      await waitFor('it is in the log', async () => (await readLines(directory, policy)).length === 1);
      const follower = follow(directory, policy, { tail: 0 });
      // While it is being opened.
      out(`${numbers(0, 60).join('\n')}\n`);
      await log.finish();
      follower.over.abort();
      await follower.done;
      expect(texts(follower.lines).join('\n').trim()).toBe(numbers(0, 60).join('\n'));
    }
  });

  it('can be done by several, from different places', async () => {
    const directory = makeDirectory();
    const { log, out } = startRun(directory, SMALL);
    out(`${numbers(0, 100).join('\n')}\n`);
    await waitFor('it is in the log', async () => (await readLines(directory, SMALL)).length === 100);
    const followers = [undefined, undefined, 0, 30].map((tail) =>
      follow(directory, SMALL, tail === undefined ? {} : { tail }),
    );
    await waitFor('they read', () => followers[3]!.lines.length === 30 && followers[0]!.lines.length === 100);
    for (let line = 100; line < 200; line += 1) out(`line ${String(line)}\n`);
    await log.finish();
    for (const { over } of followers) over.abort();
    await Promise.all(followers.map(({ done }) => done));
    const starts = followers.map(({ lines }) => 200 - lines.length);
    expect(starts).toEqual([0, 0, 100, 70]);
    for (const { lines } of followers) expect(texts(lines)).toEqual(numbers(200 - lines.length, 200));
  });

  it('ends by a signal, at a time, and with the log', async () => {
    const directory = makeDirectory();
    const { out, log } = startRun(directory);
    out('line 0\n');
    await waitFor('it is in the log', async () => (await readLines(directory)).length === 1);
    const enough = new AbortController();
    const until = Date.now() + 150;
    const followers = [
      follow(directory, JSON_LOG, { signal: enough.signal }),
      follow(directory, JSON_LOG, { until }),
      follow(directory, JSON_LOG),
    ] as const;
    await waitFor('they read', () => followers.every(({ lines }) => lines.length === 1));
    enough.abort();
    await followers[0].done;
    await followers[1].done;
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    log.close();
    rmSync(directory, { recursive: true });
    await followers[2].done;
    expect(followers.map(({ lines }) => texts(lines))).toEqual([['line 0'], ['line 0'], ['line 0']]);
  });

  it('begins again where somebody has emptied the file', async () => {
    const directory = makeDirectory();
    const { out, log } = startRun(directory);
    out('a line that is longer than the next one\n');
    const follower = follow(directory, JSON_LOG);
    await waitFor('it reads', () => follower.lines.length === 1);
    truncateSync(log.path!, 0);
    await delay(20);
    out('next\n');
    await waitFor('it reads', () => follower.lines.length === 2);
    follower.over.abort();
    await follower.done;
    expect(texts(follower.lines).at(-1)).toBe('next');
  });
});

describe('reading a raw log', () => {
  const read = async (directory: string, query: LogQuery = {}): Promise<string> =>
    Buffer.concat((await readLines(directory, RAW_LOG, query)).map(({ data }) => data)).toString();

  it('begins where the last lines do', async () => {
    const directory = makeDirectory();
    const { out } = startRun(directory, RAW_LOG);
    const lines = numbers(0, 20_000).map((line) => `${line}\n`);
    out(lines.join(''));
    for (const tail of [0, 1, 2, 1000, 19_999, 20_000, 20_001]) {
      expect((await read(directory, { tail })) === lines.slice(Math.max(0, 20_000 - tail)).join('')).toBe(true);
    }
    out('no newline');
    expect(await read(directory, { tail: 1 })).toBe('no newline');
    expect(await read(directory, { tail: 2 })).toBe('line 19999\nno newline');
  });

  it('follows it, also where the container empties it', async () => {
    const directory = makeDirectory();
    const follower = follow(directory, RAW_LOG);
    const { log, out } = startRun(directory, RAW_LOG);
    const found = (): string => texts(follower.lines).join('');
    out('one, ');
    await waitFor('it reads', () => found() === 'one, ');
    out('two, ');
    await waitFor('it reads', () => found() === 'one, two, ');
    truncateSync(log.path!, 0);
    out('three');
    await waitFor('it reads', () => found() === 'one, two, three');
    await log.finish();
    out('.');
    follower.over.abort();
    await follower.done;
    expect(found()).toBe('one, two, three.');
  });

  it('knows no times, and says so', () => {
    const directory = makeDirectory();
    for (const option of ['since', 'until'] as const) {
      expect(() => readLog(directory, RAW_LOG, { [option]: 5 })).toThrow(
        expect.objectContaining({
          message: `${option}: 5 is not known to a raw log, which keeps no times`,
          code: 'ERR_OPTION',
          hint: 'make the container with --log-driver json',
        }),
      );
    }
  });
});

describe('a query that makes no sense', () => {
  it('is refused', () => {
    const directory = makeDirectory();
    const wrong: readonly (readonly [LogQuery, string])[] = [
      [{ tail: -1 }, 'tail: -1 is not a number of lines'],
      [{ tail: 1.5 }, 'tail: 1.5 is not a number of lines'],
      [{ since: NaN }, 'since: NaN is not a time, in milliseconds since 1970'],
      [{ until: Infinity }, 'until: Infinity is not a time, in milliseconds since 1970'],
    ];
    for (const [query, message] of wrong) expect(() => readLog(directory, JSON_LOG, query)).toThrow(message);
  });
});
