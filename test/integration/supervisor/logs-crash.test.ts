import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../../src/supervisor/logs/open.js';
import { readLog } from '../../../src/supervisor/logs/read.js';
import type { StreamName } from '../../../src/supervisor/logs/record.js';
import type { LogPolicy } from '../../../src/supervisor/types.js';
import { LogWorker, bundleLogWorker } from '../../helpers/log-worker-process.js';
import { endRun, flood } from '../../helpers/logs.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const KILLS = 60;

let directory: string;
let script: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'corral-logs-'));
  script = await bundleLogWorker(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Writes into both streams as a container does: numbered lines, in pieces of any length; and waits while they are full. */
class Flood {
  readonly written: Record<StreamName, string> = { stdout: '', stderr: '' };
  readonly #fds: Readonly<Record<StreamName, number>>;
  readonly #timer: NodeJS.Timeout;
  readonly #pending: Record<StreamName, string> = { stdout: '', stderr: '' };
  readonly #writing = new Map<StreamName, Promise<void>>();
  #line = 0;

  constructor(fds: Readonly<Record<StreamName, number>>) {
    this.#fds = fds;
    this.#timer = setInterval(() => {
      this.#write('stdout', Math.floor(Math.random() * 60));
      // Seldom: its last line is far back in the log, or in another file.
      if (Math.random() < 0.05) this.#write('stderr', 2);
    }, 1);
  }

  /** Writes two megabytes at once, which is more than the pipe holds. */
  burst(): void {
    this.#write('stdout', 30_000);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#writing.values());
    this.#write('stdout', 1);
    await Promise.all(this.#writing.values());
  }

  #write(stream: StreamName, count: number): void {
    if (this.#writing.has(stream)) return;
    const lines = Array.from({ length: count }, () => this.#makeLine());
    const text = this.#pending[stream] + lines.join('');
    const length = Math.floor(text.length * (0.5 + Math.random() / 2));
    this.#pending[stream] = text.slice(length);
    const writing = flood(this.#fds[stream], text.slice(0, length)).then(() => {
      this.written[stream] += text.slice(0, length);
      this.#writing.delete(stream);
    });
    this.#writing.set(stream, writing);
  }

  #makeLine(): string {
    this.#line += 1;
    const filler = Math.random() < 0.002 ? 'x'.repeat(40_000) : '"quoted"'.repeat(Math.floor(Math.random() * 8));
    return `${this.#line} ${filler}\n`;
  }
}

/** Puts the lines of a stream together again. */
async function readAll(path: string, policy: LogPolicy): Promise<Record<StreamName, string>> {
  const found: Record<StreamName, string> = { stdout: '', stderr: '' };
  for await (const { data, stream, partial } of readLog(path, policy)) {
    found[stream!] += `${Buffer.from(data).toString()}${partial === true ? '' : '\n'}`;
  }
  return found;
}

describe('a log whose keeper is killed again and again', () => {
  const policies: Readonly<Record<string, LogPolicy>> = {
    'in one file': { driver: 'json' },
    'in many files': { driver: 'json', maxSize: 1_000_000, maxFiles: 10_000 },
  };
  for (const [name, policy] of Object.entries(policies)) {
    it(`has every line once, ${name}`, { timeout: 300_000 * TIME_SCALE }, async () => {
      const path = join(directory, name);
      const first = openLog(path, policy);
      const { stdout, stderr, close } = first.openStreams();
      first.close();
      const container = new Flood({ stdout: stdout as number, stderr: stderr as number });
      for (let kill = 0; kill < KILLS; kill += 1) {
        // So much that it is killed in the middle of it.
        if (kill % 3 === 0) container.burst();
        const worker = new LogWorker(script, path, policy);
        // Every fourth somewhere in its start, the others at work.
        if (kill % 4 === 0) await delay(Math.random() * 80);
        else await worker.ready().then(() => delay(Math.random() * 60));
        await worker.kill();
      }
      const last = new LogWorker(script, path, policy);
      await container.stop();
      expect(await last.finish()).toBe('finished');
      close();
      const found = await readAll(path, policy);
      // Compared as a whole: a difference of megabytes is nothing to be printed.
      expect(found.stdout.length).toBe(container.written.stdout.length);
      expect(found.stdout === container.written.stdout).toBe(true);
      expect(found.stderr === container.written.stderr).toBe(true);
      expect(container.written.stderr.length).toBeGreaterThan(0);
    });
  }

  it('has every line once, where it dies at the end of a run', { timeout: 120_000 * TIME_SCALE }, async () => {
    const path = join(directory, 'ends');
    const written: Record<StreamName, string> = { stdout: '', stderr: '' };
    for (let run = 0; run < 40; run += 1) {
      const log = openLog(path, { driver: 'json' });
      const streams = log.openStreams();
      const { stdout, stderr } = streams;
      log.close();
      for (const [stream, fd] of [
        ['stdout', stdout],
        ['stderr', stderr],
      ] as const) {
        // Sometimes more, sometimes less than in the run before, and now and then nothing.
        const text = Array.from(
          { length: Math.floor(Math.random() * 3000) },
          (_, line) => `${String(run)} ${String(line)}\n`,
        );
        const part = Math.random() < 0.2 ? '' : text.join('');
        writeSync(fd as number, part);
        written[stream] += part;
      }
      endRun(streams);
      const worker = new LogWorker(script, path, { driver: 'json' });
      await worker.ready();
      worker.askToFinish();
      await delay(Math.random() * 12);
      await worker.kill();
    }
    expect(await new LogWorker(script, path, { driver: 'json' }).finish()).toBe('finished');
    const found = await readAll(path, { driver: 'json' });
    expect(found.stdout === written.stdout).toBe(true);
    expect(found.stderr === written.stderr).toBe(true);
  });
});
