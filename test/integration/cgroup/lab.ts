import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect } from 'vitest';
import { createCgroup } from '../../../src/cgroup/create.js';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { listChildren } from '../../../src/cgroup/files.js';
import { killCgroup } from '../../../src/cgroup/kill.js';
import { planCgroup } from '../../../src/cgroup/plan.js';
import { removeTree } from '../../../src/cgroup/remove.js';
import type { Act, CgroupFacts, CgroupRef } from '../../../src/cgroup/types.js';
import type { CgroupPlan } from '../../../src/plan/types.js';
import type { Resources } from '../../../src/spec/resources.js';
import { UndoStack } from '../../../src/util/undo.js';

/** All cgroups of these tests are below this directory, in each hierarchy. */
export const PARENT = `/corral-cgtest-${process.pid}`;

export const act: Act = (_what, run) => run();

let counter = 0;
const children: ChildProcess[] = [];
const refs: CgroupRef[] = [];

/** The host's facts. Tests begin at the top of each hierarchy; another user's in the cgroup that is delegated to them. */
export function facts(): CgroupFacts {
  const host = readCgroupFacts();
  const { v2Base, layout } = host;
  if (host.v2Top !== undefined || v2Base === undefined || layout.v2 === undefined) return host;
  return { ...host, v2Top: v2Base, layout: { ...layout, v2: { ...layout.v2, mount: v2Base.path } } };
}

/** A controller that these tests can set a limit with, on whichever hierarchy. */
export function hasController(name: string): boolean {
  const { v2Top, v1Top } = facts();
  return (v2Top?.controllers.includes(name) ?? false) || v1Top.some(({ controllers }) => controllers.includes(name));
}

export function plan(resources: Resources = {}, options: { id?: string; facts?: CgroupFacts } = {}): CgroupPlan {
  const id = options.id ?? `box-${++counter}`;
  return planCgroup({ id, facts: options.facts ?? facts(), resources, parent: PARENT });
}

export function make(resources: Resources = {}, options: { id?: string; facts?: CgroupFacts } = {}): CgroupRef {
  const ref = createCgroup(plan(resources, options), { undo: new UndoStack(), act });
  refs.push(ref);
  return ref;
}

/** Facts of the same host as if it had no cgroup v2. */
export function legacyFacts(): CgroupFacts {
  const { v2Base: _base, v2Top: _top, ...rest } = facts();
  const { v2: _v2, ...layout } = rest.layout;
  return { ...rest, layout: { ...layout, mode: 'legacy' } };
}

/**
 * Starts bash in a container's cgroups: it moves itself there, then runs the script.
 *
 * @returns once the script has printed `ready`
 */
export async function start(ref: CgroupRef, script: string, directory?: string): Promise<ChildProcess> {
  const paths = [directory ?? ref.v2?.payload, ...ref.v1.map(({ path }) => path)].filter((path) => path !== undefined);
  const joins = paths.map((path) => `echo $$ > ${path}/cgroup.procs`).join('\n');
  const child = spawn('bash', ['-c', `set -e\n${joins}\nset +e\n${script}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => String(chunk).includes('ready') && resolve());
    child.on('exit', () => reject(new Error('the script ended before it was ready')));
  });
  child.removeAllListeners('exit');
  return child;
}

/** Waits for a condition that has no event. */
export async function until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`);
    await delay(5);
  }
}

export function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.on('exit', () => resolve()));
}

/** Whether a process runs: a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export function read(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

/** The tops of all hierarchies below which these tests make directories. */
function tops(): readonly string[] {
  const { layout } = facts();
  return [...(layout.v2 ? [layout.v2.mount] : []), ...[...layout.v1, ...layout.named].map(({ mount }) => mount)];
}

export function leftovers(): readonly string[] {
  return tops().flatMap((top) => listChildren(`${top}${PARENT}`));
}

/** Cleans up after each test, and fails it when it left a container of its own behind. */
export function checkLeaks(): void {
  afterEach(async () => {
    for (const ref of refs.splice(0)) await killCgroup(ref).catch(() => undefined);
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      await exited(child);
    }
    const left = leftovers();
    for (const top of tops()) if (existsSync(`${top}${PARENT}`)) removeTree(`${top}${PARENT}`);
    expect(left).toEqual([]);
  });
}
