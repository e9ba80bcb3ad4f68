import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeLab } from '../../helpers/lab.js';

const lab = makeLab();

/** Pages of 4 KiB that a process has for itself: two of its stack, its report, and what it has written since it waits. */
const MOST_KB = 24;

function readPrivateKb(pid: number): number {
  const text = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
  const fields = [...text.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].map(([, kb]) => Number(kb));
  return fields.reduce((sum, kb) => sum + kb, 0);
}

describe('an init that waits', () => {
  it('has given back what the start of its container took', async () => {
    const env = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`VARIABLE_${String(i)}`, 'x'.repeat(100)]));
    const container = await lab.spawn(['sleep', '1000'], { env });
    // What one alone has of the program's code would count as its own.
    await lab.spawn(['sleep', '1000']);
    await expect.poll(() => readPrivateKb(container.pid), { timeout: 5000 }).toBeLessThanOrEqual(MOST_KB);
  });

  it('still forwards signals, and notes how its workload ended', async () => {
    const container = await lab.spawn(['sh', '-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done']);
    if (container.stdout === null) throw new Error('it has no output');
    await once(container.stdout, 'data');
    container.signal('SIGTERM');
    expect(await container.exited).toMatchObject({ exitCode: 7, signal: null });
  });
});
