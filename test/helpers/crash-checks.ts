import { expect } from 'vitest';
import type { Client } from '../../src/supervisor/client/client.js';
import type { RunEnd } from '../../src/supervisor/types.js';
import type { Actor, Stage } from './crash-stage.js';

/** The ends of one container's runs that were seen on disk, by run: a file that has grown long is written anew without them. */
export class Ends {
  readonly #seen = new Map<number, RunEnd>();

  /** Looks what is there now. What was there before must not have changed. */
  look(stage: Stage, { id }: Actor): void {
    for (const end of stage.readEnds(id)) {
      const before = this.#seen.get(end.run);
      if (before !== undefined) expect(end, `${id} ends its run ${String(end.run)} once`).toEqual(before);
      this.#seen.set(end.run, end);
    }
  }

  get all(): readonly RunEnd[] {
    return [...this.#seen.values()].sort((a, b) => a.run - b.run);
  }
}

/**
 * Compares the ends that are on record with those that a workload has noted itself: an exit code tells which it was.
 *
 * @returns how many exit codes were right
 */
export function checkEnds({ id, workload }: Actor, ends: Ends): number {
  const journal = workload.read();
  const noted = [...journal.ends].sort(([a], [b]) => a - b);
  let next = 0;
  let right = 0;
  for (const { run, exitCode, signal, error } of ends.all) {
    if (exitCode === null || exitCode === undefined) {
      // It was killed, or its start was.
      expect(signal ?? error, `${id}: somebody knows how run ${String(run)} ended`).toBeTruthy();
      continue;
    }
    // A workload that was killed after it had noted its end is not on record with it.
    while (next < noted.length && noted[next]?.[1].exitCode !== exitCode) next += 1;
    const [own = 0] = noted[next] ?? [];
    expect(own, `${id}: run ${String(run)} exited with ${String(exitCode)}`).toBeGreaterThan(0);
    expect(own, `${id}: its run ${String(run)} is not one more than it knows of`).toBeLessThanOrEqual(run);
    next += 1;
    right += 1;
  }
  return right;
}

/**
 * Reads the whole log of a container: each run's lines are numbered from 1, and as many as the workload has written.
 *
 * @param mayLose - it has a terminal: what a supervisor had read from that, and not yet written, died with it
 * @returns how many lines there are
 */
export async function checkLog(client: Client, { id, workload }: Actor, mayLose = false): Promise<number> {
  // Before the log: it may go on meanwhile.
  const { lines: wanted } = workload.read();
  const found = new Map<number, Set<number>>();
  for (const [run, line] of await readNumbers(client, id)) {
    const lines = found.get(run) ?? new Set();
    expect(lines.has(line), `${id}: line ${String(line)} of ${String(run)} is there once`).toBe(false);
    found.set(run, lines.add(line));
  }
  let count = 0;
  for (const [run, last] of wanted) {
    const lines = found.get(run) ?? new Set();
    count += lines.size;
    const missing = Array.from({ length: last }, (_, index) => index + 1).filter((line) => !lines.has(line));
    if (!mayLose) expect(missing, `${id}: lines of ${String(run)} that are not in its log`).toEqual([]);
  }
  return count;
}

async function readNumbers(client: Client, id: string): Promise<readonly (readonly [run: number, line: number])[]> {
  const texts = new Map<string, string>();
  for await (const { data, stream, partial } of client.logs(id)) {
    const text = Buffer.from(data).toString();
    const key = stream ?? '';
    texts.set(key, (texts.get(key) ?? '') + text + (stream === undefined || partial === true ? '' : '\n'));
  }
  return [...texts.values()].flatMap((text) =>
    text.split('\n').flatMap((line) => {
      const [, run, number] = /^(\d+) (\d+)\r?$/.exec(line) ?? [];
      // The half line that it is just writing, or what the health check says, is none.
      return run === undefined ? [] : [[Number(run), Number(number)] as const];
    }),
  );
}
