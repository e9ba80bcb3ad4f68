import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const SOAK = new URL('../../../bench/soak-supervisor.mjs', import.meta.url).pathname;

/** Directories of state, and cgroups, that soaks of a supervisor have made. */
function traces(): readonly string[] {
  const tops = ['/run', '/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)];
  return tops
    .filter((top) => existsSync(`${top}/.`))
    .flatMap((top) => readdirSync(top).map((name) => `${top}/${name}`))
    .filter((path) => path.includes('/corral-soak-supervisor-'));
}

async function soak(
  words: readonly string[],
  onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [SOAK, '--no-save', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  let said = '';
  for await (const line of createInterface({ input: child.stdout })) {
    said += `${line}\n`;
    onLine(line, (signal) => child.kill(signal));
  }
  return { code: (await ended)[0], said };
}

describe('the soak of a supervisor', { timeout: 60_000 * TIME_SCALE }, () => {
  it('lives each of its lives, and leaves nothing', async (context) => {
    requires(context, { root: true, cgroup2: true });
    const before = traces();
    const { code, said } = await soak(['--containers', '40', '--samples', '2']);
    expect(said).toMatch(/^40 containers in \d+ s/m);
    expect(said).toContain('too short to tell');
    expect(code).toBe(0);
    expect(traces()).toEqual(before);
  });

  it('leaves nothing when it is interrupted, and tells what it has seen', async (context) => {
    requires(context, { root: true, cgroup2: true });
    const before = traces();
    const { code, said } = await soak(['--containers', '4000', '--samples', '400'], (line, kill) => {
      if (line.includes(' descriptors, ')) kill('SIGINT');
    });
    expect(said).toMatch(/^\d{1,3} containers in \d+ s/m);
    expect(code).toBe(0);
    expect(traces()).toEqual(before);
  });
});
