import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { CgroupRefusedError } from '../../../src/errors/cgroup-error.js';
import { readLayout } from '../../../src/cgroup/facts.js';
import { readInode } from '../../../src/cgroup/files.js';
import { freezeCgroup } from '../../../src/cgroup/freeze.js';
import { killCgroup } from '../../../src/cgroup/kill.js';
import { locate } from '../../../src/cgroup/layout.js';
import { readMark } from '../../../src/cgroup/mark.js';
import { refFromPlan } from '../../../src/cgroup/ref.js';
import { signalCgroup } from '../../../src/cgroup/signal.js';
import type { CgroupRef } from '../../../src/cgroup/types.js';
import { checkLeaks, facts, isAlive, make, PARENT, plan, start } from './lab.js';
import { describeWhen, itWhen } from '../../helpers/when.js';

checkLeaks();

const v2 = facts().layout.v2;

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

describeWhen(facts().v2Top !== undefined, 'needs cgroup v2')('signals', () => {
  it('reach every process of a container, and let it go on', async () => {
    const ref = make();
    const child = await start(
      ref,
      `for i in 1 2 3; do setsid perl -e '$SIG{TERM}=sub{exit 3}; sleep 1 while 1' & done; trap 'exit 7' TERM; sleep 0.3; echo ready; while :; do sleep 0.05; done`,
    );
    const ended = new Promise((resolve) => child.on('exit', resolve));
    const report = await signalCgroup(ref, 15);
    expect(report).toMatchObject({ complete: true, paused: false });
    expect(report.processes).toBeGreaterThanOrEqual(4);
    expect(report.pids).toContain(child.pid);
    expect(await ended).toBe(7);
    await killCgroup(ref);
  });

  it('reach nobody in a container that is gone', async () => {
    const ref = make();
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
