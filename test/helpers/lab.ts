import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, expect } from 'vitest';
import type { Container } from '../../src/container/container.js';
import { Containers } from '../../src/container/containers.js';
import type { LaunchFaults } from '../../src/container/launch.js';
import { removeParents } from '../../src/container/leaving.js';
import { type RunOptions, type RunResult, run } from '../../src/container/run.js';
import { type SpawnOptions, spawnWithFaults } from '../../src/container/spawn.js';
import { checkLeaks, listParents } from './leaks.js';
import { TIME_SCALE } from './scale.js';

/** The library as the tests of one file use it: with a state directory and cgroups of their own. */
export interface Lab {
  readonly stateDir: string;
  readonly cgroupParent: string;
  readonly containers: Containers;
  /** What every container is started with. */
  readonly options: { readonly stateDir: string; readonly cgroupParent: string };
  readonly run: (command: readonly string[], options?: RunOptions) => Promise<RunResult>;
  readonly spawn: (command: readonly string[], options?: SpawnOptions, faults?: LaunchFaults) => Promise<Container>;
  /** A new empty directory that goes with the test, in a directory that containers see by default. */
  readonly directory: () => string;
}

/** Makes a lab. What a test leaves running is killed after it; what it leaves behind otherwise fails it. */
export function makeLab(): Lab {
  const stateDir = mkdtempSync(join(tmpdir(), 'corral-test-state-'));
  const cgroupParent = `corral-test-${randomBytes(4).toString('hex')}`;
  const options = { stateDir, cgroupParent };
  const running: Container[] = [];
  const directories: string[] = [];
  checkLeaks(options);
  afterEach(async () => {
    await Promise.all(running.splice(0).map((container) => container.kill()));
    for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true });
  });
  afterAll(() => {
    removeParents();
    rmSync(stateDir, { recursive: true, force: true });
    expect(listParents(cgroupParent), 'the directories above the containers are gone').toEqual([]);
  });
  return {
    ...options,
    options,
    containers: new Containers({ stateDir }),
    run: (command, more = {}) => run(command, { ...options, ...more }),
    spawn: async (command, more = {}, faults) => {
      const container = await spawnWithFaults(command, { ...options, ...more }, faults);
      running.push(container);
      return container;
    },
    directory: () => {
      const path = mkdtempSync(join('/var/tmp', 'corral-test-'));
      directories.push(path);
      return path;
    },
  };
}

/** Waits for a condition that has no event. */
export async function until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs * TIME_SCALE;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await delay(10);
  }
}

/** Reads a container's output until a line says `word`. */
export async function untilSays(container: Pick<Container, 'stdout'>, word: string): Promise<string> {
  const { stdout } = container;
  if (stdout === null) throw new Error('the container has no output');
  let text = '';
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.split('\n').includes(word)) return text;
  }
  throw new Error(`it never said ${word}: ${text}`);
}
