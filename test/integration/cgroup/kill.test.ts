import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEvent } from '../../../src/cgroup/events.js';
import { freezeCgroup } from '../../../src/cgroup/freeze.js';
import { killCgroup, removeCgroup } from '../../../src/cgroup/kill.js';
import type { Rung } from '../../../src/cgroup/kill-tree.js';
import { createLeaf, killLeaf, removeLeaf } from '../../../src/cgroup/leaf.js';
import { listProcesses } from '../../../src/cgroup/processes.js';
import type { CgroupRef } from '../../../src/cgroup/types.js';
import { checkLeaks, exited, facts, hasController, isAlive, legacyFacts, make, read, start, until } from './lab.js';
import { describeWhen, itWhen } from '../../helpers/when.js';

checkLeaks();

const hasV2 = facts().v2Top !== undefined;
const hasFreezer = facts().v1Top.some(({ controllers }) => controllers.includes('freezer'));

interface Ladder {
  readonly rung: Rung;
  readonly make: () => CgroupRef;
}

const LADDER: readonly Ladder[] = [
  ...(hasV2 ? (['cgroup.kill', 'freeze', 'list'] as const).map((rung) => ({ rung, make: () => make() })) : []),
  ...(hasFreezer ? [{ rung: 'freezer' as const, make: () => make({}, { facts: legacyFacts() }) }] : []),
];

const SCRIPTS: Readonly<Record<string, { script: string; count: number }>> = {
  'one process': { script: 'echo ready; exec sleep 1000', count: 1 },
  'many children': { script: 'for i in $(seq 50); do sleep 1000 & done; echo ready; wait', count: 51 },
  'daemons in sessions of their own': {
    script: 'for i in 1 2 3; do setsid sh -c "sleep 1000 & sleep 1001" & done; sleep 0.2; echo ready; wait',
    count: 10,
  },
  'double forks': {
    script: `perl -e 'for (1..5) { if (!fork) { if (!fork) { sleep 1000 } exit } } wait for 1..5; $|=1; print "ready\\n"; sleep 1000'`,
    count: 6,
  },
  'those that ignore every signal': {
    script: `perl -e '$SIG{$_}="IGNORE" for qw(TERM INT HUP QUIT USR1); $|=1; print "ready\\n"; sleep 1 while 1'`,
    count: 1,
  },
  'stopped processes': { script: 'sleep 1000 & kill -STOP $!; echo ready; wait', count: 2 },
};

describe.each(LADDER)('killing by $rung', ({ rung, make: makeBox }) => {
  it.each(Object.entries(SCRIPTS))('takes %s', async (_name, { script, count }) => {
    const ref = makeBox();
    const child = await start(ref, script);
    await until(() => listProcesses(ref).length === count);
    const pids = listProcesses(ref);
    const report = await killCgroup(ref, { rung });
    expect(report).toMatchObject({ processes: count, rung, gone: true });
    expect(pids.filter(isAlive)).toEqual([]);
    await exited(child);
    expect(child.signalCode).toBe('SIGKILL');
  });

  it('takes a frozen container', async () => {
    const ref = makeBox();
    await start(ref, 'sleep 1000 & echo ready; wait');
    await freezeCgroup(ref);
    expect(await killCgroup(ref, { rung })).toMatchObject({ processes: 2, gone: true });
  });

  it('takes cgroups that the container has made below its own', async () => {
    const ref = makeBox();
    const top = ref.v2?.payload ?? ref.v1[0]!.path;
    mkdirSync(`${top}/a/b/c`, { recursive: true });
    mkdirSync(`${top}/d`);
    await start(ref, 'sleep 1000 & echo ready; wait', ref.v2 ? `${top}/a/b/c` : undefined);
    expect(await killCgroup(ref, { rung })).toMatchObject({ processes: 2, gone: true });
    expect(existsSync(top)).toBe(false);
  });

  it('takes a cgroup below that is frozen by itself', async () => {
    const ref = makeBox();
    const top = ref.v2?.payload ?? ref.v1[0]!.path;
    mkdirSync(`${top}/inner`);
    const child = await start(ref, 'echo ready; exec sleep 1000');
    writeFileSync(`${top}/inner/cgroup.procs`, String(child.pid));
    if (ref.v2) writeFileSync(`${top}/inner/cgroup.freeze`, '1');
    else writeFileSync(`${top}/inner/freezer.state`, 'FROZEN');
    expect(await killCgroup(ref, { rung })).toMatchObject({ processes: 1, gone: true });
  });

  itWhen(rung !== 'list', 'killing one by one loses against a fork bomb: the other rungs are there for it')(
    'takes a fork bomb while it goes off',
    async () => {
      const ref = makeBox();
      // Bounded by the bomb itself: not every rung's cgroup has the pids controller.
      const child = await start(
        ref,
        `perl -e '$|=1; print "ready\\n"; my $n=0; while (1) { my $p = fork; if (defined $p && !$p) { exit if rand() < 0.55; } select undef,undef,undef,0.002 if $n++ > 3 }'`,
      );
      await until(() => listProcesses(ref).length > 20 || !isAlive(child.pid!));
      const report = await killCgroup(ref, { rung });
      expect(report.gone).toBe(true);
      expect(listProcesses(ref)).toEqual([]);
    },
  );
});

describe('killing', () => {
  it('finds nothing to do in an empty container, and removes it', async () => {
    const ref = make();
    expect(await killCgroup(ref)).toMatchObject({ processes: 0, rung: 'none', gone: true });
    expect(await killCgroup(ref)).toMatchObject({ processes: 0, rung: 'none', gone: true });
  });

  it('does not count zombies', async () => {
    const ref = make();
    await start(ref, `perl -e '$|=1; if (!fork) { exit } sleep 1; print "ready\\n"; sleep 1000'`);
    expect(listProcesses(ref).length).toBe(1);
    expect(await killCgroup(ref)).toMatchObject({ processes: 1 });
  });

  it('says what would die, and lets it live', async () => {
    const ref = make();
    const child = await start(ref, 'sleep 1000 & echo ready; wait');
    const report = await killCgroup(ref, { dryRun: true });
    expect(report).toMatchObject({ processes: 2, gone: false });
    expect(report.pids).toContain(child.pid);
    expect(isAlive(child.pid!)).toBe(true);
    await killCgroup(ref);
  });

  it('is not done by removeCgroup', async () => {
    const ref = make();
    const child = await start(ref, 'echo ready; exec sleep 1000');
    expect(removeCgroup(ref)).toBe(false);
    expect(isAlive(child.pid!)).toBe(true);
    await killCgroup(ref);
    expect(removeCgroup(ref)).toBe(true);
  });

  itWhen(hasV2, 'needs cgroup v2')('takes threaded cgroups', async () => {
    const ref = make();
    const top = ref.v2!.payload;
    const child = await start(ref, 'sleep 1000 & echo ready; wait');
    mkdirSync(`${top}/threads`);
    writeFileSync(`${top}/threads/cgroup.type`, 'threaded');
    writeFileSync(`${top}/threads/cgroup.threads`, String(child.pid));
    expect(await killCgroup(ref)).toMatchObject({ processes: 2, rung: 'cgroup.kill' });
  });

  itWhen(hasController('memory'), 'needs the memory controller')(
    'is done only when the container is gone from every hierarchy',
    async () => {
      const ref = make({ memory: { limit: 64 << 20 }, pids: { limit: 50 } });
      await start(ref, 'sleep 1000 & echo ready; wait');
      await killCgroup(ref);
      for (const { path } of ref.v1) expect(existsSync(path)).toBe(false);
    },
  );

  itWhen(hasController('cpu'), 'needs the cpu controller')(
    'does not wait for the CPU time that a container is denied',
    async () => {
      const ref = make({ cpu: { quota: 1_000, period: 1_000_000 } });
      const child = await start(ref, 'echo ready; while :; do :; done');
      expect(isAlive(child.pid!)).toBe(true);
      expect((await killCgroup(ref)).durationMs).toBeLessThan(900);
    },
  );

  itWhen(hasV2, 'needs cgroup v2')('knows by the event that nobody is left', async () => {
    const ref = make();
    const child = await start(ref, 'echo ready; exec sleep 1000');
    expect(readEvent(ref.v2!.path, 'populated')).toBe(1);
    child.kill('SIGKILL');
    await exited(child);
    expect(readEvent(ref.v2!.path, 'populated')).toBe(0);
  });
});

describeWhen(hasV2, 'needs cgroup v2')('a leaf', () => {
  it('is killed alone', async () => {
    const ref = make();
    const main = await start(ref, 'echo ready; exec sleep 1000');
    const leaf = createLeaf(ref);
    const child = await start(ref, 'sleep 1000 & echo ready; wait', leaf.path);
    expect(await killLeaf(leaf)).toMatchObject({ processes: 2, rung: 'cgroup.kill', gone: true });
    expect(isAlive(child.pid!)).toBe(false);
    expect(isAlive(main.pid!)).toBe(true);
    expect(await killLeaf(leaf)).toMatchObject({ rung: 'none' });
    expect(removeLeaf(leaf)).toBe(true);
    await killCgroup(ref);
  });

  it('is killed alone where it is threaded, and nothing else of its domain', async () => {
    const ref = make();
    const main = await start(ref, 'echo ready; exec sleep 1000');
    const child = await start(ref, 'echo ready; exec sleep 1000');
    const leaf = createLeaf(ref);
    writeFileSync(`${leaf.path}/cgroup.type`, 'threaded');
    writeFileSync(`${leaf.path}/cgroup.threads`, String(child.pid));
    expect(await killLeaf(leaf)).toMatchObject({ processes: 1, rung: 'freeze', gone: true });
    expect(isAlive(child.pid!)).toBe(false);
    expect(isAlive(main.pid!)).toBe(true);
    await killCgroup(ref);
  });

  it('is refused when it is another one of the same name', async () => {
    const ref = make();
    const leaf = createLeaf(ref);
    rmdirSync(leaf.path);
    mkdirSync(leaf.path);
    await expect(killLeaf(leaf)).rejects.toThrow(/its inode is/);
  });

  it('dies with its container', async () => {
    const ref = make();
    const leaf = createLeaf(ref);
    await start(ref, 'sleep 1000 & echo ready; wait', leaf.path);
    expect(read(`${leaf.path}/cgroup.procs`).split('\n')).toHaveLength(2);
    expect(await killCgroup(ref)).toMatchObject({ processes: 2 });
  });
});
