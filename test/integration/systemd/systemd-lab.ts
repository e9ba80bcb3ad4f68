import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, type TestContext } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { Containers } from '../../../src/container/containers.js';
import type { LaunchFaults } from '../../../src/container/launch.js';
import { type RunOptions, type RunResult, run } from '../../../src/container/run.js';
import { type SpawnOptions, spawnWithFaults } from '../../../src/container/spawn.js';
import { until } from '../../helpers/lab.js';
import { checkLeaks } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';

/** The library on a host of systemd's, as the tests of one file use it: with a state directory and a slice of their own. */
export interface SystemdLab {
  readonly stateDir: string;
  readonly containers: Containers;
  /** What every container is started with. */
  readonly options: SpawnOptions;
  readonly run: (command: readonly string[], options?: RunOptions) => Promise<RunResult>;
  readonly spawn: (command: readonly string[], options?: SpawnOptions, faults?: LaunchFaults) => Promise<Container>;
}

const USER = process.geteuid?.() === 0 ? [] : ['--user'];

/** Makes a lab. Each test is skipped, with the reason, where there is no systemd; a unit that it leaves behind fails it. */
export function makeSystemdLab(): SystemdLab {
  const stateDir = mkdtempSync(join(tmpdir(), 'corral-test-state-'));
  const slice = `corraltest${randomBytes(4).toString('hex')}.slice`;
  const options = { stateDir, cgroupDriver: 'systemd', cgroupParent: slice } as const;
  const running: Container[] = [];
  // A slice stays until it is stopped: only what is in it is somebody's.
  checkLeaks({ stateDir, cgroupParent: slice });
  beforeEach((context) => {
    requires(context, { systemd: true });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((container) => container.kill()));
    await untilNoUnits();
  });
  afterAll(() => {
    spawnSync('systemctl', [...USER, 'stop', slice]);
    rmSync(stateDir, { recursive: true, force: true });
  });
  return {
    stateDir,
    options,
    containers: new Containers({ stateDir }),
    run: (command, more = {}) => run(command, { ...options, ...more }),
    spawn: async (command, more = {}, faults) => {
      const container = await spawnWithFaults(command, { ...options, ...more }, faults);
      running.push(container);
      return container;
    },
  };
}

/** Runs systemctl(1) against the systemd that makes the scopes. @returns what it says */
export function systemctl(...words: readonly string[]): string {
  return execFileSync('systemctl', [...USER, ...words], { encoding: 'utf8' });
}

/** Lists the units of containers. */
function listUnits(patterns: readonly string[]): readonly string[] {
  if (!existsSync('/run/systemd/system')) return [];
  const words = [...USER, 'list-units', 'corral-*', ...patterns, '--all', '--plain', '--no-legend'];
  const { stdout } = spawnSync('systemctl', words, { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.trim() !== '');
}

/** Waits until there is no unit of a container: systemd forgets one a moment after its cgroup is gone. @param patterns - of names beside corral's */
export async function untilNoUnits(...patterns: readonly string[]): Promise<void> {
  await until(() => listUnits(patterns).length === 0, 'no unit is left');
  expect(listUnits(patterns)).toEqual([]);
}

/** Returns properties of a unit, by name. */
export function show(unit: string, ...names: readonly string[]): Readonly<Record<string, string>> {
  const lines = systemctl('show', unit, '--property', names.join(',')).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Returns the first line of files of a container's cgroup, by name. */
export function readLimits({ containers }: SystemdLab, id: string, ...files: readonly string[]): object {
  const path = containers.inspect(id).cgroup.v2?.path ?? '';
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(path, file), 'utf8').trim()]));
}

/** Skips a test where the systemd that is asked lacks a controller. */
export function needsController(context: TestContext, name: string): void {
  requires(context, { systemd: true });
  const controllers = readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim().split(' ');
  if (!controllers.includes(name)) context.skip(`needs the ${name} controller`);
}
