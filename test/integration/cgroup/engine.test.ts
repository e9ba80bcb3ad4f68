import { closeSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCgroup } from '../../../src/cgroup/create.js';
import { countDevicePrograms } from '../../../src/cgroup/devices/attach.js';
import { applyDevices } from '../../../src/cgroup/devices/apply.js';
import { withDefaults } from '../../../src/cgroup/devices/rules.js';
import { type EngineRequest, planEngineCgroup } from '../../../src/cgroup/engine-plan.js';
import { readInode } from '../../../src/cgroup/files.js';
import { freezeCgroup, isFrozen, thawCgroup } from '../../../src/cgroup/freeze.js';
import { killCgroup } from '../../../src/cgroup/kill.js';
import { removeParent } from '../../../src/cgroup/parent.js';
import { readStats } from '../../../src/cgroup/stats.js';
import type { CgroupRef } from '../../../src/cgroup/types.js';
import { updateCgroup } from '../../../src/cgroup/update.js';
import { compileDevices } from '../../../src/cgroup/v2/devices/program.js';
import type { ConfigError } from '../../../src/errors/config-error.js';
import { addon } from '../../../src/native/addon.js';
import type { CgroupPlan } from '../../../src/plan/types.js';
import type { DeviceRule, Resources } from '../../../src/spec/resources.js';
import { UndoStack } from '../../../src/util/undo.js';
import { RULES } from '../../helpers/device-rules.js';
import { requires } from '../../helpers/requires.js';
import { act, checkLeaks, exited, facts, isAlive, legacyFacts, PARENT, read, start } from './lab.js';

checkLeaks();

let counter = 0;

const planOf = (resources: Resources = {}, request: Partial<EngineRequest> = {}): CgroupPlan =>
  planEngineCgroup({
    id: 'engine',
    facts: facts(),
    resources,
    cgroupsPath: `${PARENT}/pod/engine-${counter++}`,
    isRootless: false,
    ...request,
  });

const make = (plan: CgroupPlan, id = 'engine'): CgroupRef => createCgroup(plan, { undo: new UndoStack(), act, id });

const DENY_ALL: DeviceRule = { allow: false, access: 'rwm' };
const ZERO: DeviceRule = { allow: true, type: 'c', major: 1, minor: 5, access: 'rwm' };
const NULL: DeviceRule = { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' };

/** Runs a script in a container's cgroups, to its end. */
async function runIn(ref: CgroupRef, script: string): Promise<void> {
  await exited(await start(ref, `${script} 2> /dev/null; echo ready`));
}

function failure(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error('nothing was thrown');
}

/** Removes what the engine owns: the directories above, which stay after the container. */
function removePods(ref: CgroupRef): void {
  for (const { path } of [...(ref.v2 ? [ref.v2] : []), ...ref.v1]) rmdirSync(dirname(path));
}

beforeEach((ctx) => {
  requires(ctx, { root: true, cgroup: true });
});

describe('an engine’s cgroup', () => {
  it('is the given path itself, in every hierarchy, and holds the processes', async () => {
    const plan = planOf({ pids: { limit: 20 } });
    const ref = make(plan);
    const child = await start(ref, 'echo ready; exec sleep 60');
    const { layout } = facts();
    const expected = plan.v2?.path.slice(layout.v2?.mount.length) ?? '';
    const lines = read(`/proc/${child.pid}/cgroup`).split('\n');
    for (const line of lines.filter((one) => !/:(net_cls|perf_event|misc|rdma|debug)/.test(one)))
      expect(line.split(':').slice(2).join(':')).toBe(expected);
    expect(ref.v1.map(({ controllers }) => controllers.join())).toEqual([
      ...layout.v1.map(({ controllers }) => controllers.join()),
      ...layout.named.filter(({ name }) => name === 'systemd').map(({ name }) => `name=${name}`),
    ]);
    expect(readStats(ref)).toMatchObject({ processes: 1, frozen: false });
    const { gone } = await killCgroup(ref);
    expect(gone).toBe(true);
    expect(isAlive(child.pid!)).toBe(false);
    for (const { path } of [...(ref.v2 ? [ref.v2] : []), ...ref.v1]) {
      expect(readInode(path)).toBeUndefined();
      expect(readInode(dirname(path))).toBeDefined();
    }
    removeParent(ref);
    removePods(ref);
  });

  it('can be frozen, and killed while it is', async () => {
    const ref = make(planOf());
    const child = await start(ref, 'echo ready; exec sleep 60');
    await freezeCgroup(ref);
    expect(isFrozen(ref)).toBe(true);
    thawCgroup(ref);
    await freezeCgroup(ref);
    await killCgroup(ref);
    expect(isAlive(child.pid!)).toBe(false);
    removePods(ref);
  });

  it('is killed by the freezer where there is v1 alone', async (ctx) => {
    if (legacyFacts().layout.v1.length === 0) ctx.skip('this host has no cgroup v1');
    const ref = make(planOf({}, { facts: legacyFacts() }));
    const child = await start(ref, 'sleep 60 & echo ready; exec sleep 60');
    expect((await killCgroup(ref)).rung).toBe('freezer');
    expect(isAlive(child.pid!)).toBe(false);
    removePods(ref);
  });

  it('takes a directory that is there already, and leaves it', async () => {
    const plan = planOf();
    const { path } = plan.v2 ?? plan.v1[0]!;
    mkdirSync(path, { recursive: true });
    const inode = readInode(path);
    const ref = make(plan);
    const child = await start(ref, `mkdir ${path}/below; echo ready; exec sleep 60`);
    await killCgroup(ref);
    expect(isAlive(child.pid!)).toBe(false);
    expect(readInode(path)).toBe(inode);
    expect(readInode(`${path}/below`)).toBeUndefined();
    rmdirSync(path);
    removePods(ref);
  });

  it('is its own again after a crash', async () => {
    const plan = planOf();
    make(plan);
    const again = make(plan);
    await killCgroup(again);
    expect(readInode(again.v2?.path ?? again.v1[0]!.path)).toBeUndefined();
    for (const { path } of again.v1) if (readInode(path) !== undefined) rmdirSync(path);
    removePods(again);
  });

  it('is refused where somebody lives, or would be born frozen', async () => {
    const plan = planOf();
    const ref = make(plan);
    const child = await start(ref, 'echo ready; exec sleep 60');
    expect(failure(() => make(plan)).message).toMatch(/container's cgroup is not empty: 1 process\(es\) found$/);
    child.kill('SIGKILL');
    await exited(child);
    await freezeCgroup(ref);
    expect(failure(() => make(plan)).message).toMatch(/container's cgroup unexpectedly frozen$/);
    thawCgroup(ref);
    await killCgroup(ref);
    removePods(ref);
  });

  it('names the field that the kernel does not take', (ctx) => {
    requires(ctx, { controllers: ['cpuset'] });
    const cpuset = planOf({ cpu: { cpus: '0-9999' } });
    const undo = new UndoStack();
    const error = failure(() => createCgroup(cpuset, { undo, act, id: 'engine' }));
    expect(error.pointer).toBe('/linux/resources/cpu/cpus');
    expect(error.message).toMatch(/accepted by the kernel: write "0-9999" to cpuset\.cpus: /);
    return undo.unwind();
  });
});

describe('an engine’s limits', () => {
  it('are written as they are asked for, and changed', async (ctx) => {
    requires(ctx, { controllers: ['memory', 'pids', 'cpuset'] });
    const ref = make(planOf({ memory: { limit: 64 << 20 }, pids: { limit: 9 }, cpu: { shares: 512 } }));
    expect(readStats(ref)).toMatchObject({ memoryMaxBytes: 64 << 20, pidsMax: 9 });
    const engine = { pointer: '' };
    const given = { memory: { limit: 96 << 20 }, pids: { limit: 11 } };
    updateCgroup(ref, { given, memory: given.memory, engine });
    expect(readStats(ref)).toMatchObject({ memoryMaxBytes: 96 << 20, pidsMax: 11 });
    const wrong = { pids: { limit: 12 }, cpu: { cpus: '0-9999' } };
    expect(failure(() => updateCgroup(ref, { given: wrong, memory: undefined, engine })).pointer).toBe('/cpu/cpus');
    expect(readStats(ref).pidsMax).toBe(11);
    await killCgroup(ref);
    removePods(ref);
  });
});

describe('the device cgroup', () => {
  const opens = (device: string): string => `if : < ${device}; then echo yes; else echo no; fi > "$OUT"`;

  async function mayRead(ref: CgroupRef, device: string): Promise<boolean> {
    const out = `/tmp/corral-devices-${process.pid}-${basename(device)}`;
    await runIn(ref, `OUT=${out}; ${opens(device)}`);
    const answer = readFileSync(out, 'utf8').trim();
    rmSync(out);
    return answer === 'yes';
  }

  it.for([
    ['by a program', 2],
    ['by files', 1],
  ] as const)('denies what is not allowed, %s, also after a change', async ([, version], ctx) => {
    const { v2, v1 } = facts().layout;
    if (version === 2 && v2 === undefined) ctx.skip('this host has no cgroup v2');
    const hasDevices = v1.some(({ controllers }) => controllers.includes('devices'));
    if (version === 1 && !hasDevices) ctx.skip('this host has no devices hierarchy of cgroup v1');
    const { devices: _, ...plan } = planOf();
    const path =
      version === 2 ? plan.v2!.path : plan.v1.find(({ controllers }) => controllers.includes('devices'))!.path;
    const ref = make({ ...plan, devices: { version, path, rules: withDefaults([DENY_ALL]) } });
    expect(await mayRead(ref, '/dev/zero')).toBe(true);
    expect(await mayRead(ref, '/dev/kmsg')).toBe(false);
    const kmsg: DeviceRule = { allow: true, type: 'c', major: 1, minor: 11, access: 'r' };
    applyDevices({ version, path, rules: [DENY_ALL, NULL, kmsg] }, false);
    expect(await mayRead(ref, '/dev/zero')).toBe(false);
    expect(await mayRead(ref, '/dev/kmsg')).toBe(true);
    if (version === 2) expect(countDevicePrograms(path)).toBe(1);
    applyDevices({ version, path, rules: [{ allow: true }, { ...ZERO, allow: false }] }, false);
    expect(await mayRead(ref, '/dev/zero')).toBe(false);
    expect(await mayRead(ref, '/dev/kmsg')).toBe(true);
    await killCgroup(ref);
    removePods(ref);
  });

  it('takes every program that rules become: the verifier of this kernel finds nothing in it', () => {
    fc.assert(
      fc.property(RULES, (rules) => {
        closeSync(addon.loadDeviceProgram({ instructions: compileDevices(rules) }));
      }),
      { numRuns: 50 },
    );
  });

  it('is part of the plan, and goes with the container', async () => {
    const plan = planOf({ devices: [DENY_ALL] });
    const ref = make(plan);
    expect(plan.devices?.version).toBe(plan.v1.some(({ controllers }) => controllers.includes('devices')) ? 1 : 2);
    expect(await mayRead(ref, '/dev/urandom')).toBe(true);
    expect(await mayRead(ref, '/dev/kmsg')).toBe(false);
    await killCgroup(ref);
    removePods(ref);
  });
});
