import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCgroup } from '../../../src/cgroup/create.js';
import { evacuate } from '../../../src/cgroup/evacuate.js';
import { listChildren } from '../../../src/cgroup/files.js';
import { join, joinV1 } from '../../../src/cgroup/join.js';
import { killCgroup, removeCgroup } from '../../../src/cgroup/kill.js';
import { removeParent } from '../../../src/cgroup/parent.js';
import { listProcesses } from '../../../src/cgroup/processes.js';
import { CgroupError } from '../../../src/errors/cgroup-error.js';
import type { Resources } from '../../../src/spec/resources.js';
import { UndoStack } from '../../../src/util/undo.js';
import {
  act,
  checkLeaks,
  exited,
  facts,
  hasController,
  leftovers,
  legacyFacts,
  make,
  PARENT,
  plan,
  read,
} from './lab.js';
import { describeWhen, itWhen } from '../../helpers/when.js';

checkLeaks();

const hasV2 = facts().v2Top !== undefined;
const available = ['memory', 'pids', 'cpu'].filter(hasController);
const RESOURCES: Resources = {
  ...(hasController('memory') && { memory: { limit: 64 << 20 } }),
  ...(hasController('pids') && { pids: { limit: 30 } }),
  ...(hasController('cpu') && { cpu: { quota: 50_000, period: 100_000, shares: 1024 } }),
};

describe('createCgroup', () => {
  it('makes the directories, records their inodes, and survives JSON', async () => {
    const ref = make(RESOURCES);
    expect(JSON.parse(JSON.stringify(ref))).toEqual(ref);
    if (ref.v2) expect(existsSync(ref.v2.payload)).toBe(true);
    for (const inode of [ref.v2?.inode, ...ref.v1.map((one) => one.inode)]) expect(inode ?? '0').toMatch(/^\d+$/);
    await killCgroup(ref);
  });

  itWhen(available.length >= 3, 'needs the memory, cpu and pids controllers')('writes the limits', () => {
    const ref = make(RESOURCES);
    const on = (name: string): string =>
      ref.v2?.controllers.includes(name) ? ref.v2.path : ref.v1.find((one) => one.controllers.includes(name))!.path;
    const isV2 = (name: string): boolean => ref.v2?.controllers.includes(name) ?? false;
    expect(read(`${on('memory')}/memory.${isV2('memory') ? 'max' : 'limit_in_bytes'}`)).toBe(String(64 << 20));
    expect(read(`${on('pids')}/pids.max`)).toBe('30');
    if (isV2('cpu')) expect(read(`${on('cpu')}/cpu.max`)).toBe('50000 100000');
    else expect(read(`${on('cpu')}/cpu.cfs_quota_us`)).toBe('50000');
    if (isV2('cpu')) expect(read(`${on('cpu')}/cpu.weight`)).toBe('100');
    else expect(read(`${on('cpu')}/cpu.shares`)).toBe('1024');
    if (isV2('memory')) expect(read(`${on('memory')}/memory.oom.group`)).toBe('1');
  });

  itWhen(hasController('cpuset'), 'needs the cpuset controller')('fills a cpuset that is asked for in part', () => {
    const ref = make({ cpu: { cpus: '0' } });
    const path = ref.v2?.controllers.includes('cpuset') ? ref.v2.path : ref.v1[0]!.path;
    expect(read(`${path}/cpuset.cpus`)).toBe('0');
    if (ref.v1.length > 0) expect(read(`${path}/cpuset.mems`)).not.toBe('');
  });

  it('says which value a file did not take', () => {
    const undo = new UndoStack();
    const broken = plan({ pids: { limit: 10 } });
    const wrong = { file: 'pids.max', value: 'many' };
    const edited = {
      ...broken,
      ...(broken.v2 && { v2: { ...broken.v2, writes: broken.v2.writes.map(() => wrong) } }),
      v1: broken.v1.map((one) => ({ ...one, writes: one.writes.map(() => wrong) })),
    };
    expect(() => createCgroup(edited, { undo, act })).toThrow('write "many" to pids.max: EINVAL (invalid argument)');
    return undo.unwind();
  });

  it('refuses an id that is taken', async () => {
    const ref = make({}, { id: 'twice' });
    const undo = new UndoStack();
    const error = catchError(() => createCgroup(plan({}, { id: 'twice' }), { undo, act }));
    expect(error).toBeInstanceOf(CgroupError);
    expect(error).toMatchObject({ code: 'EEXIST', hint: expect.stringContaining('corral prune') as string });
    expect(await undo.unwind()).toEqual([]);
    expect(existsSync(ref.v2?.path ?? ref.v1[0]!.path)).toBe(true);
  });

  it('makes a parent again that a clean-up removes meanwhile', () => {
    const planned = plan();
    const parent = dirname(planned.v2?.path ?? planned.v1[0]!.path);
    let removals = 0;
    const meddling = <T>(what: string, run: () => T): T => {
      const isId = what === `make cgroup ${planned.v2?.path ?? planned.v1[0]!.path}`;
      if (isId && existsSync(parent) && removals++ < 3) rmdirSync(parent);
      return run();
    };
    const ref = createCgroup(planned, { undo: new UndoStack(), act: meddling });
    expect(removals).toBe(4);
    expect(removeCgroup(ref)).toBe(true);
  });
});

describe('a failure in the making', () => {
  const steps: string[] = [];
  const record = <T>(what: string, run: () => T): T => {
    steps.push(what);
    return run();
  };

  it('leaves nothing behind, whichever action it is', async () => {
    const first = createCgroup(plan(RESOURCES), { undo: new UndoStack(), act: record });
    await killCgroup(first);
    expect(steps.length).toBeGreaterThan(3);
    for (let index = 0; index < steps.length; index++) {
      // The parent goes each time, so that its making is swept as well.
      removeTops();
      const undo = new UndoStack();
      let step = 0;
      const failing = <T>(_what: string, run: () => T): T => {
        if (step++ === index) throw new Error('swept');
        return run();
      };
      const error = catchError(() => createCgroup(plan(RESOURCES), { undo, act: failing }));
      if (error === undefined) continue;
      expect(await undo.unwind()).toEqual([]);
      expect(leftovers(), steps[index]).toEqual([]);
    }
  });

  it('takes processes along that were put in before', async () => {
    const undo = new UndoStack();
    const ref = createCgroup(plan(RESOURCES), { undo, act });
    const child = spawn('sleep', ['1000']);
    join(ref.v2?.payload ?? '', child.pid!, act);
    joinV1(ref, child.pid!, act);
    expect(await undo.unwind()).toEqual([]);
    await exited(child);
    expect(leftovers()).toEqual([]);
  });

  const removeTops = (): void => {
    for (const { mount } of [facts().layout.v2, ...facts().layout.v1].filter((one) => one !== undefined))
      if (existsSync(`${mount}${PARENT}`)) rmdirSync(`${mount}${PARENT}`);
  };
});

describe('joining', () => {
  it('moves a process into all hierarchies', async () => {
    const ref = make(RESOURCES);
    const child = spawn('sleep', ['1000']);
    join(ref.v2?.payload ?? '', child.pid!, act);
    joinV1(ref, child.pid!, act);
    expect(listProcesses(ref)).toEqual([child.pid]);
    for (const { path } of ref.v1) expect(read(`${path}/cgroup.procs`)).toBe(String(child.pid));
    await killCgroup(ref);
    await exited(child);
  });

  it('says which process could not be moved', () => {
    const ref = make();
    const path = ref.v2?.payload ?? ref.v1[0]!.path;
    expect(() => join(path, 4_194_303, act)).toThrow('write "4194303" to cgroup.procs: ESRCH (no such process)');
  });

  itWhen(
    facts().v1Top.some(({ controllers }) => controllers.includes('freezer')),
    'needs the v1 freezer',
  )('goes to the freezer where there is no v2', async () => {
    const ref = make({}, { facts: legacyFacts() });
    expect(ref.v2).toBeUndefined();
    const child = spawn('sleep', ['1000']);
    joinV1(ref, child.pid!, act);
    expect(await killCgroup(ref)).toMatchObject({ processes: 1, rung: 'freezer', gone: true });
    await exited(child);
  });
});

describeWhen(hasV2, 'needs cgroup v2')('evacuate', () => {
  it('moves everybody to the supervisor leaf, those that fork meanwhile included', async () => {
    const ref = make();
    const home = ref.v2!.payload;
    const child = spawn('perl', [
      '-e',
      // In double quotes, Perl would see an array in user@1000.service.
      `open F, ">", '${home}/cgroup.procs'; print F $$; close F; $|=1; print "ready\\n";
       for (1..200) { unless (fork) { sleep 1000 } select undef, undef, undef, 0.0005 } sleep 1000`,
    ]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(evacuate(home)).toBeGreaterThan(0);
    expect(read(`${home}/cgroup.procs`)).toBe('');
    expect(read(`${home}/supervisor/cgroup.procs`).split('\n')).toContain(String(child.pid));
    expect(evacuate(home)).toBe(0);
    await killCgroup(ref);
    await exited(child);
  });

  itWhen(facts().v2Top?.controllers.includes('pids') === true, 'needs the pids controller on v2')(
    'makes room for a limit in a cgroup that holds processes',
    async () => {
      const outer = make();
      const base = outer.v2!.payload;
      for (const path of [facts().v2Top!.path, dirname(outer.v2!.path), outer.v2!.path])
        writeFileSync(`${path}/cgroup.subtree_control`, '+pids');
      const child = spawn('sleep', ['1000']);
      join(base, child.pid!, act);
      const v2Top = { path: base, controllers: ['pids'], needsEvacuation: true, isRoot: false };
      const inner = plan({ pids: { limit: 5 } }, { facts: { ...facts(), v2Top } });
      expect(inner.evacuate).toBe(base);
      const ref = createCgroup(inner, { undo: new UndoStack(), act });
      expect(read(`${ref.v2!.path}/pids.max`)).toBe('5');
      expect(read(`${base}/supervisor/cgroup.procs`)).toBe(String(child.pid));
      await killCgroup(outer);
      await exited(child);
    },
  );
});

describe('removeParent', () => {
  it('removes what corral made, once it is empty', () => {
    const planned = plan({}, { id: 'last' });
    const [one, two] = [plan({}, { id: 'one' }), planned].map((each) =>
      createCgroup(each, { undo: new UndoStack(), act }),
    );
    const parent = dirname(one!.v2?.path ?? one!.v1[0]!.path);
    expect(removeCgroup(one!)).toBe(true);
    removeParent(one!);
    expect(existsSync(parent)).toBe(true);
    expect(removeCgroup(two!)).toBe(true);
    removeParent(two!);
    expect(existsSync(parent)).toBe(false);
  });

  itWhen(available.length > 0, 'needs the memory, cpu or pids controller')(
    'takes the parents of limits along, although others live without any',
    () => {
      const limited = make(RESOURCES);
      const other = make();
      const kept = other.v1.map(({ path }) => dirname(path));
      const parents = limited.v1.map(({ path }) => dirname(path)).filter((parent) => !kept.includes(parent));
      expect(removeCgroup(limited)).toBe(true);
      removeParent(limited);
      expect(parents.filter(existsSync)).toEqual([]);
      expect(removeCgroup(other)).toBe(true);
      removeParent(other);
      expect([...kept, ...(other.v2 ? [dirname(other.v2.path)] : [])].filter(existsSync)).toEqual([]);
    },
  );

  itWhen(hasV2, 'needs cgroup v2')('leaves what somebody else made', () => {
    const parent = dirname(plan().v2!.path);
    mkdirSync(parent);
    const ref = make();
    expect(removeCgroup(ref)).toBe(true);
    removeParent(ref);
    expect(listChildren(dirname(parent))).toContain(parent);
  });
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
