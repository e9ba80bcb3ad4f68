import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { setXattr } from '../../../src/native/xattr.js';
import { findProgram } from '../../../src/host/userns.js';
import { itWhen } from '../../helpers/when.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { CORRAL, makeNestLab, requiresNesting } from './nest-lab.js';

const lab = makeNestLab();
const isUnified = readCgroupFacts().v2Base?.controllers.includes('memory') === true;

describe('inside a container, corral', () => {
  it('runs containers without a step by hand, in cgroups of their own', async (context) => {
    requiresNesting(context);
    const box = await lab.nest('true');
    const script = 'tail -n 1 /proc/self/cgroup; id -u; hostname; touch /tmp/x && echo wrote; exit 3';
    const out = await lab.sh(
      box,
      `corral run --name inner -- sh -c '${script}'; echo "ended with $?"; ls /tmp/x 2>&1 || true`,
    );
    expect(out.split('\n').slice(0, 5)).toEqual(['0::/', '0', 'inner', 'wrote', 'ended with 3']);
    expect(out).toContain('No such file');
  });

  it('lists its own containers, and not the one around it', async (context) => {
    requiresNesting(context);
    const box = await lab.nest(
      'corral run --name inner -- sleep 1000 & sleep 0; until corral ps -q | grep inner; do :; done',
      {
        name: 'outer',
      },
    );
    expect(await lab.sh(box, 'corral ps -q')).toBe('inner\n');
    expect(await lab.sh(box, 'corral tree --json')).toMatch(/"id": "inner"/);
    expect(lab.containers.list().map(({ id }) => id)).toEqual(['outer']);
  });

  it('ends with its containers when it is killed, however that is', async (context) => {
    requiresNesting(context);
    const box = await lab.nest('true');
    const script = `corral run --name inner -- sleep 1000 & pid=$!
      until corral ps -q | grep -q inner; do :; done
      kill -9 $(cat /proc/$pid/task/$pid/children) $pid
      while test -n "$(cat /sys/fs/cgroup/corral/inner/payload/cgroup.procs)"; do :; done
      corral prune; ls -d /sys/fs/cgroup/corral 2>&1`;
    expect(await lab.sh(box, `${script} || true`)).toMatch(/^inner: .*\n.*No such file/);
  });

  it('sets limits where the kernel lets it, and says why where not', async (context) => {
    requiresNesting(context, ['memory']);
    const box = await lab.nest('true', { memory: '256M' });
    const out = await lab.sh(box, `${CORRAL} run -m 32M -- tail /dev/zero 2>&1; echo "ended with $?"`);
    if (isUnified) expect(out).toMatch(/ran out of memory \(limit 32M, peak 3[12].*\nended with 137\n$/);
    else {
      expect(out).toMatch(
        /^corral: memory limit needs the memory controller\nhint: memory is a cgroup v1 controller of the host/,
      );
      expect(out).toMatch(/ended with 125\n$/);
    }
  });

  it('runs out of its own memory, and nobody around it has', async (context) => {
    requiresNesting(context, ['memory']);
    if (!isUnified) context.skip('needs the memory controller on cgroup v2: limits inside a container');
    const box = await lab.nest('true', { memory: '256M' });
    await lab.sh(box, 'corral run -m 32M -- tail /dev/zero || true');
    await box.kill();
    expect(await box.exited).toMatchObject({ oomKilled: false, usage: { oomKills: expect.any(Number) as number } });
  });

  it('makes room for limits while processes around it fork', async (context) => {
    requiresNesting(context, ['memory']);
    if (!isUnified) context.skip('needs the memory controller on cgroup v2: limits inside a container');
    const box = await lab.nest('while :; do (sleep 0.01; :); done & while :; do true | true; done &', { pids: 200 });
    const out = await lab.sh(box, `corral run -m 64M -- sh -c 'cat /proc/self/cgroup; exit 3'; echo "ended with $?"`);
    expect(out).toBe('0::/\nended with 3\n');
    const procs = await lab.sh(
      box,
      'cat /sys/fs/cgroup/cgroup.procs | wc -l; cat /sys/fs/cgroup/cgroup.subtree_control',
    );
    expect(procs).toMatch(/^0\n.*memory/);
    // Its own exec finds its place all the same.
    expect(await lab.sh(box, 'tail -n 1 /proc/self/cgroup')).toMatch(/^0::\/exec-\d+\n$/);
  });

  it('runs for a user of the container who is not root: the cgroup is theirs', async (context) => {
    requiresNesting(context);
    const box = await lab.nest('true', { user: '1000:1000' });
    const out = await lab.sh(box, `id -u; corral run -- sh -c 'id -u; tail -n 1 /proc/self/cgroup' 2>/dev/null`);
    expect(out).toBe('1000\n0\n0::/\n');
    expect(
      await lab.sh(box, 'stat -c %u /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/cgroup.kill'),
    ).toMatch(/^1000\n1000\n65534\n$/);
  });

  it('is told of by doctor as what it is: a container with room for others', async (context) => {
    requiresNesting(context);
    const box = await lab.nest('true');
    expect(await lab.sh(box, 'corral doctor --json || true')).toMatch(/"runs": true/);
  });
});

describe('inside a container, other runtimes work', () => {
  const bundle = (
    runtime: string,
  ): string => `mkdir -p /tmp/b/rootfs && cd /tmp/b && mount --bind / rootfs && ${runtime} spec &&
    sed -i 's/"sh"/"cat", "\\/proc\\/self\\/cgroup"/; s/"terminal": true/"terminal": false/' config.json &&
    ${runtime} run inner | tail -n 1`;

  const ways = {
    bwrap: 'bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all tail -n 1 /proc/self/cgroup',
    crun: bundle('crun --cgroup-manager=cgroupfs'),
    runc: bundle('runc'),
  };

  for (const [program, script] of Object.entries(ways)) {
    itWhen(findProgram(program) !== undefined, `needs the program ${program}`)(program, async () => {
      const box = await lab.nest('true');
      expect(await lab.sh(box, script)).toBe('0::/\n');
    });
  }
});

describe('a container with others in it', () => {
  it('dies as a whole, whoever is in it', async (context) => {
    requiresNesting(context);
    const box = await lab.nest(
      `corral run --nest --name mid -- sh -c 'sleep 1000 & sleep 1000' &
       corral run --name side -- sleep 1000 & until test "$(corral ps -q | wc -l)" = 2; do :; done`,
      { name: 'outer' },
    );
    const [tree] = lab.containers.tree(['outer']);
    expect(tree).toMatchObject({
      path: 'outer',
      containers: [
        { id: 'mid', path: 'outer/mid', status: 'running' },
        { id: 'side', path: 'outer/side', status: 'running', processes: 2, command: ['sleep', '1000'] },
      ],
    });
    expect(tree!.processes).toBeGreaterThan(tree!.containers[0]!.processes + 2);
    expect(await box.kill()).toMatchObject({ gone: true });
  });

  it('loses one of them alone, by its path; whoever started that learns of it', async (context) => {
    requiresNesting(context);
    const box = await lab.nest(
      `(corral run --name mid -- sleep 1000; echo "mid ended with $?" > /tmp/said) & corral run --name side -- sleep 1000 &
       until test "$(corral ps -q | wc -l)" = 2; do :; done`,
      { name: 'outer' },
    );
    await expect(lab.containers.kill('outer/nobody')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(() => lab.containers.tree(['outer/nobody'])).toThrow('container "outer/nobody" does not exist');
    const dry = await lab.containers.kill('outer/mid', { dryRun: true });
    expect(dry).toMatchObject({ processes: 2, gone: false });
    expect(await lab.containers.kill('outer/mid')).toMatchObject({ processes: 2, gone: true });
    expect(await lab.sh(box, 'until test -s /tmp/said; do :; done; cat /tmp/said; corral ps -q')).toBe(
      'mid ended with 137\nside\n',
    );
    expect(lab.containers.tree(['outer'])[0]!.containers.map(({ id }) => id)).toEqual(['side']);
  });

  it('has a signal sent to all of one of them, and to nobody else', async (context) => {
    requiresNesting(context);
    const box = await lab.nest(
      `(corral run --name mid -- sleep 1000; echo "mid ended with $?" > /tmp/said) & corral run --name side -- sleep 1000 &
       until test "$(corral ps -q | wc -l)" = 2; do :; done`,
      { name: 'outer' },
    );
    await expect(lab.containers.signalAll('outer/nobody', 'INT')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(await lab.containers.signalAll('outer/mid', 'INT')).toMatchObject({ processes: 2, complete: true });
    expect(await lab.sh(box, 'until test -s /tmp/said; do :; done; cat /tmp/said; corral ps -q')).toBe(
      'mid ended with 130\nside\n',
    );
  });

  it('calls itself what it likes: what is no name is not shown', async (context) => {
    requiresNesting(context);
    const box = await lab.nest('mkdir /sys/fs/cgroup/x /sys/fs/cgroup/y', { name: 'outer' });
    const { v2 } = lab.containers.inspect('outer').cgroup;
    setXattr(`${v2!.path}/payload/x`, 'user.corral', 'a\u001b[31m');
    setXattr(`${v2!.path}/payload/y`, 'user.corral', '../../y');
    expect(lab.containers.tree()[0]!.containers).toEqual([]);
    expect(await box.kill()).toMatchObject({ gone: true });
  });
});

describe('a fork bomb in the innermost of three containers', () => {
  it('is held by the limits of the outermost, and dies with it', async (context) => {
    requiresNesting(context, ['pids', 'memory']);
    const bomb = 'b() { b | b & }; b; sleep 1000';
    const box = await lab.nest(
      `corral run --nest -e BOMB -- sh -c 'exec ${CORRAL.replaceAll("'", '"')} run -q -e BOMB -- sh -c "$BOMB"' &`,
      { name: 'outer', pids: 150, memory: '512M', env: { BOMB: bomb }, stderr: 'ignore' },
    );
    const { v1, v2 } = lab.containers.inspect('outer').cgroup;
    const limited = v1.find(({ controllers }) => controllers.includes('pids'))?.path ?? v2!.path;
    // Counted by the kernel, where the limit or where the failed fork is: on a busy machine the peak is easily missed.
    const hasFailed = (): boolean => /^max [1-9]/m.test(readFileSync(`${limited}/pids.events`, 'utf8'));
    let most = 0;
    for (const deadline = Date.now() + 10_000 * TIME_SCALE; most < 140 && !hasFailed() && Date.now() < deadline;) {
      most = Math.max(most, (await box.stats()).pids ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(most > 100 || hasFailed()).toBe(true);
    expect(most).toBeLessThanOrEqual(150);
    // The host answers meanwhile: another container starts and ends.
    expect(await lab.run(['true'])).toMatchObject({ exitCode: 0 });
    expect(await box.kill()).toMatchObject({ gone: true });
  });
});
