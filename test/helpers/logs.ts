import { mkdtempSync, rmSync, write, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect } from 'vitest';
import { movePipe } from '../../src/native/pipes.js';
import type { ContainerLog, LogOptions, LogStreams } from '../../src/supervisor/logs/container-log.js';
import { openLog } from '../../src/supervisor/logs/open.js';
import { readLog } from '../../src/supervisor/logs/read.js';
import type { LogLine, LogQuery } from '../../src/supervisor/logs/types.js';
import type { LogPolicy } from '../../src/supervisor/types.js';
import { TIME_SCALE } from './scale.js';

export const JSON_LOG: LogPolicy = { driver: 'json' };

/** Makes an empty directory, which goes after the test. */
export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'corral-logs-'));
  afterEachOnce.push(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

const afterEachOnce: (() => void)[] = [];

afterEach(() => {
  for (const undo of afterEachOnce.splice(0).reverse()) undo();
});

/** A log, and a container's ends of it. */
export interface Run {
  readonly log: ContainerLog;
  readonly streams: LogStreams;
  readonly out: (data: string | Uint8Array) => void;
  readonly err: (data: string | Uint8Array) => void;
}

/** Opens a log for a new run, which is closed after the test. */
export function startRun(directory: string, policy: LogPolicy = JSON_LOG, options: LogOptions = {}): Run {
  const log = openLog(directory, policy, options);
  const streams = log.openStreams();
  afterEachOnce.push(() => {
    log.close();
    streams.close();
  });
  const writer =
    (fd: number | 'ignore') =>
    (data: string | Uint8Array): void => {
      writeAll(fd as number, Buffer.from(data as string));
    };
  return { log, streams, out: writer(streams.stdout), err: writer(streams.stderr) };
}

/** Writes all, and waits where it takes that: for what does not fit into a pipe. */
export async function flood(fd: number | 'ignore', data: string | Uint8Array): Promise<void> {
  const bytes = Buffer.from(data as string);
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(64 * 1024, bytes.length - done);
    done += await new Promise<number>((resolve, reject) => {
      write(fd as number, bytes, done, length, null, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
  }
}

/** Does what the init of a container does when the command has ended, and closes the descriptors. */
export function endRun({ kept, close }: LogStreams): void {
  for (const { pipe, spool } of [kept!.stdout, kept!.stderr]) {
    while (movePipe(pipe, { fd: spool, path: 'spool' }, 1024 * 1024) !== 0);
  }
  close();
}

function writeAll(fd: number, data: Buffer): void {
  for (let done = 0; done < data.length;) done += writeSync(fd, data, done);
}

/** Reads a log. */
export async function readLines(
  directory: string,
  policy: LogPolicy = JSON_LOG,
  query: LogQuery = {},
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of readLog(directory, policy, query)) lines.push(line);
  return lines;
}

/** Returns the text of lines. */
export const texts = (lines: readonly LogLine[]): string[] => lines.map(({ data }) => Buffer.from(data).toString());

/** Reads a log, lines as text. */
export async function readTexts(
  directory: string,
  policy: LogPolicy = JSON_LOG,
  query: LogQuery = {},
): Promise<string[]> {
  return texts(await readLines(directory, policy, query));
}

/** Waits until something is so. */
export async function waitFor(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000 * TIME_SCALE;
  while (!(await isSo())) {
    expect(performance.now(), what).toBeLessThan(deadline);
    await delay(5);
  }
}
