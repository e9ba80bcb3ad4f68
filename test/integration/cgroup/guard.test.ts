import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { CgroupRefusedError } from '../../../src/errors/cgroup-error.js';
import { readLayout } from '../../../src/cgroup/facts.js';
import { readInode } from '../../../src/cgroup/files.js';
import { freezeCgroup, isFrozen, thawCgroup } from '../../../src/cgroup/freeze.js';
import { checkTarget, listTargets } from '../../../src/cgroup/guard.js';
import { killCgroup, removeCgroup } from '../../../src/cgroup/kill.js';
import { killNow } from '../../../src/cgroup/kill-now.js';
import { createLeaf, killLeaf } from '../../../src/cgroup/leaf.js';
import { locate } from '../../../src/cgroup/layout.js';
import { readMark } from '../../../src/cgroup/mark.js';
import { refFromPlan } from '../../../src/cgroup/ref.js';
import { signalCgroup } from '../../../src/cgroup/signal.js';
import type { CgroupRef } from '../../../src/cgroup/types.js';
import { checkLeaks, facts, isAlive, legacyFacts, make, PARENT, plan, start, until } from './lab.js';
import { describeWhen, itWhen } from '../../helpers/when.js';

checkLeaks();

const v2 = facts().layout.v2;
const hasFreezer = facts().v1Top.some(({ controllers }) => controllers.includes('freezer'));

describeWhen(facts().v2Top !== undefined, 'needs cgroup v2')('killing is refused', () => {
  const refused = async (ref: CgroupRef, reason: RegExp): Promise<void> => {
    const error: unknown = await killCgroup(ref).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CgroupRefusedError);
    expect((error as CgroupRefusedError).reason).toMatch(reason);
  };

  /** A reference to a directory as if it had been recorded as it is now. */
  const refTo = (path: string, id = 'box'): CgroupRef => {
    const inode = readInode(path)!;
    return { id, v2: { path, payload: path, base: dirname(path), controllers: [], inode }, v1: [] };
  };

  it('for a directory that was made anew under the same name', async () => {
    const ref = make();
    rmdirSync(ref.v2!.payload);
    rmdirSync(ref.v2!.path);
    mkdirSync(ref.v2!.path);
    const child = await start(ref, 'echo ready; exec sleep 1000', ref.v2!.path);
    await refused(ref, /^it is not the cgroup that was made for "box-\d+": its inode is \d+, not \d+$/);
    await expect(freezeCgroup(ref)).rejects.toThrow(/refuse to freeze/);
    await expect(signalCgroup(ref, 15)).rejects.toThrow(/refuse to signal/);
    expect(isAlive(child.pid!)).toBe(true);
    await killCgroup({ ...ref, v2: { ...ref.v2!, inode: readInode(ref.v2!.path)! } });
  });

  it('for none that somebody else has removed meanwhile', async () => {
    const ref = make();
    const [target] = listTargets(ref);
    expect(checkTarget('kill', target!)).toBe(true);
    await killCgroup(ref);
    expect(checkTarget('kill', target!)).toBe(false);
  });

  it('for none that several kill at the same time', async () => {
    const ref = make();
    await start(ref, 'sleep 1000 & echo ready; wait');
    const reports = await Promise.all(Array.from({ length: 8 }, () => killCgroup(ref)));
    expect(reports.map(({ gone }) => gone)).toEqual(reports.map(() => true));
    expect(existsSync(ref.v2!.path)).toBe(false);
  });

  it('for a directory that has another id on it', async () => {
    const ref = make();
    await start(ref, 'echo ready; exec sleep 1000');
    expect(readMark(ref.v2!.path)).toBe(ref.id);
    await refused({ ...ref, id: 'other' }, /^it is marked as that of "box-\d+"$/);
    await killCgroup(ref);
  });

  it('for a directory that nobody recorded or marked', async () => {
    const path = `${v2!.mount}${PARENT}/stranger`;
    mkdirSync(path, { recursive: true });
    const ref = { ...refTo(path), v1: [] };
    const { inode: _, ...unrecorded } = ref.v2!;
    const child = await start(ref, 'echo ready; exec sleep 1000', path);
    await refused({ ...ref, v2: unrecorded }, /^corral has no record of having made it$/);
    expect(isAlive(child.pid!)).toBe(true);
    await killCgroup(ref);
  });

  itWhen(facts().v1Top.length > 0, 'needs cgroup v1')('for a v1 directory that nobody recorded', async () => {
    const { path: base, controllers } = facts().v1Top[0]!;
    const ref = make();
    const child = await start(ref, 'echo ready; exec sleep 1000');
    const path = `${base}${PARENT}/stranger`;
    mkdirSync(path, { recursive: true });
    await refused({ ...ref, v1: [{ path, base, controllers }] }, /^corral has no record of having made it$/);
    expect(isAlive(child.pid!)).toBe(true);
    expect(existsSync(path)).toBe(true);
    rmdirSync(path);
    rmdirSync(dirname(path));
    await killCgroup(ref);
  });

  it('not for one without a record that carries the mark', async () => {
    const planned = plan();
    const ref = make({}, { id: refFromPlan(planned).id });
    await start(ref, 'echo ready; exec sleep 1000');
    expect(await killCgroup(refFromPlan(planned))).toMatchObject({ processes: 1, gone: true });
  });

  it('for the root of the hierarchy', async () => {
    await refused(refTo(readLayout().v2!.mount), /^it is the root of the hierarchy$/);
  });

  it('for what is no cgroup', async () => {
    const path = mkdtempSync(join(tmpdir(), 'corral-'));
    writeFileSync(join(path, 'keep'), '');
    await refused(refTo(path), /^it is not a cgroup of that hierarchy$/);
    expect(existsSync(join(path, 'keep'))).toBe(true);
    rmSync(path, { recursive: true });
  });

  it('for the cgroup of the caller, and for one above it', async () => {
    const ref = make();
    const home = locate(readLayout().v2!, /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))![1]!)!;
    // Somebody who would die if the guard failed, but this process would as well.
    writeFileSync(`${ref.v2!.payload}/cgroup.procs`, String(process.pid));
    try {
      await refused(ref, /^this process itself is below it, in .*\/payload$/);
      await refused(refTo(ref.v2!.payload), /^this process itself is in it$/);
      await expect(killCgroup(ref, { dryRun: true })).rejects.toThrow(CgroupRefusedError);
    } finally {
      writeFileSync(`${home}/cgroup.procs`, String(process.pid));
    }
  });
});

const HIERARCHIES = [
  ...(facts().v2Top === undefined ? [] : [['v2', (): CgroupRef => make()] as const]),
  ...(hasFreezer ? [['v1', (): CgroupRef => make({}, { facts: legacyFacts() })] as const] : []),
];

describeWhen(HIERARCHIES.length > 0, 'needs cgroup v2 or the v1 freezer')('signals', () => {
  it.each(HIERARCHIES)('reach every process of a container of %s, and let it go on', async (_version, makeBox) => {
    const ref = makeBox();
    const child = await start(
      ref,
      `for i in 1 2 3; do setsid perl -e '$SIG{TERM}=sub{exit 3}; sleep 1 while 1' & done; trap 'exit 7' TERM; sleep 0.3; echo ready; while :; do sleep 0.05; done`,
    );
    const ended = new Promise((resolve) => child.on('exit', resolve));
    const report = await signalCgroup(ref, 15);
    expect(report).toMatchObject({ complete: true, paused: false });
    expect(report.processes).toBeGreaterThanOrEqual(4);
    expect(report.pids).toContain(child.pid);
    expect(isFrozen(ref)).toBe(false);
    expect(await ended).toBe(7);
    await killCgroup(ref);
  });

  it.each(HIERARCHIES)(
    'leave a container of %s that was paused so, and are acted on later',
    async (_version, makeBox) => {
      const ref = makeBox();
      const child = await start(ref, `trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done`);
      await freezeCgroup(ref);
      expect((await signalCgroup(ref, 15)).processes).toBeGreaterThanOrEqual(1);
      expect(isFrozen(ref)).toBe(true);
      expect(isAlive(child.pid!)).toBe(true);
      thawCgroup(ref);
      expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(7);
      await killCgroup(ref);
    },
  );

  it.each(HIERARCHIES)('reach nobody in a container of %s that is gone', async (_version, makeBox) => {
    const ref = makeBox();
    await killCgroup(ref);
    expect(await signalCgroup(ref, 15)).toMatchObject({ processes: 0, pids: [] });
  });

  it('leave a stranger alone', async () => {
    const stranger = spawn('sleep', ['1000']);
    const ref = make();
    await start(ref, 'echo ready; exec sleep 1000');
    await killCgroup(ref);
    expect(isAlive(stranger.pid!)).toBe(true);
    stranger.kill();
  });
});

describeWhen(hasFreezer, 'needs the v1 freezer')('on v1', () => {
  const box = (): CgroupRef => make({}, { facts: legacyFacts() });
  const freezerOf = ({ v1 }: CgroupRef): string => v1.find(({ controllers }) => controllers.includes('freezer'))!.path;

  it('a directory that was made anew under the same name is neither killed, frozen nor signalled', async () => {
    const ref = box();
    const path = freezerOf(ref);
    rmdirSync(path);
    mkdirSync(path);
    const child = await start({ ...ref, v1: [] }, 'echo ready; exec sleep 1000', path);
    for (const act of [killCgroup(ref), freezeCgroup(ref), signalCgroup(ref, 15)])
      await expect(act).rejects.toThrow(/it is not the cgroup that was made for .* its inode is/);
    expect(isAlive(child.pid!)).toBe(true);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('exit', resolve));
    await killCgroup({ ...ref, v1: ref.v1.map((each) => ({ ...each, inode: readInode(each.path)! })) });
  });

  it('a leaf is killed alone, also when it was frozen by itself, and thawed whatever happens', async () => {
    const ref = box();
    const main = await start(ref, 'echo ready; exec sleep 1000');
    for (const state of ['THAWED', 'FROZEN']) {
      const leaf = createLeaf(ref);
      expect(leaf).toMatchObject({ path: `${freezerOf(ref)}/exec-1`, controller: 'freezer' });
      const child = await start({ ...ref, v1: [] }, 'sleep 1000 & echo ready; wait', leaf.path);
      writeFileSync(`${leaf.path}/freezer.state`, state);
      expect(await killLeaf(leaf)).toMatchObject({ processes: 2, rung: 'freezer', gone: true });
      expect(isAlive(child.pid!)).toBe(false);
      expect(isAlive(main.pid!)).toBe(true);
    }
    expect(readFileSync(`${freezerOf(ref)}/freezer.state`, 'utf8').trim()).toBe('THAWED');
    await killCgroup(ref);
  });

  it('all die at once when this process is about to end, without a wait', async () => {
    const ref = box();
    const child = await start(ref, 'for i in 1 2 3; do setsid sleep 1000 & done; echo ready; wait');
    killNow(ref);
    await new Promise((resolve) => child.on('exit', resolve));
    expect(child.signalCode).toBe('SIGKILL');
    await until(() => removeCgroup(ref));
  });

  it('a container that is paused is killed all the same', async () => {
    const ref = box();
    await start(ref, 'echo ready; exec sleep 1000');
    await freezeCgroup(ref);
    expect(isFrozen(ref)).toBe(true);
    expect(await killCgroup(ref)).toMatchObject({ rung: 'freezer', gone: true });
  });
});
