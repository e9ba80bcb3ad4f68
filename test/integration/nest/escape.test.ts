import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { parseMountinfo } from '../../../src/cgroup/mountinfo.js';
import type { Container } from '../../../src/container/container.js';
import { hasController } from '../../helpers/requires.js';
import { makeNestLab, requiresNesting } from './nest-lab.js';

const lab = makeNestLab();

/** How the hierarchy is mounted decides which of the kernel's rules holds a container: its owner, or the namespace. */
const delegation = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).some(
  ({ type, superOptions }) => type === 'cgroup2' && superOptions.includes('nsdelegate'),
)
  ? 'with nsdelegate'
  : 'without nsdelegate';

const LIMITS = { memory: '64M', pids: 100 };
const isUnified = readCgroupFacts().v2Base?.controllers.includes('memory') === true;

/** What an attacker with all rights of a nesting container's root tries; `exit 0` means that it got through. */
const ATTACKS: Readonly<Record<string, string>> = {
  'raise its own memory.max': 'echo max > /sys/fs/cgroup/memory.max',
  'raise its own pids.max': 'echo max > /sys/fs/cgroup/pids.max',
  'lift its own limits by mounting cgroup2 again':
    'mkdir -p /tmp/c && mount -t cgroup2 none /tmp/c && echo max > /tmp/c/memory.max',
  'lift its own limits by mounting the v1 memory controller':
    'mkdir -p /tmp/m && mount -t cgroup -o memory none /tmp/m && echo -1 > /tmp/m/memory.limit_in_bytes',
  'lift its own limits by mounting the v1 pids controller':
    'mkdir -p /tmp/p && mount -t cgroup -o pids none /tmp/p && echo max > /tmp/p/pids.max',
  'see what is above it by mounting the hierarchy':
    'mkdir -p /tmp/c && mount -t cgroup2 none /tmp/c && test "$(stat -c %i /tmp/c)" != "$(stat -c %i /sys/fs/cgroup)"',
  'move itself up': 'echo $$ > /sys/fs/cgroup/../cgroup.procs',
  'move itself up, in the hierarchy of the host': 'echo $$ > /host/cgroup.procs',
  'move itself to where its limits are': 'echo $$ > "/host/$OWN/cgroup.procs"',
  'raise its limit, in the hierarchy of the host': 'echo max > "/host/$OWN/memory.max"',
  'bound itself anew, in the hierarchy of the host': 'echo max > "/host/$OWN/cgroup.max.descendants"',
  'kill the cgroup that its parent has made for it': 'echo 1 > "/host/$OWN/cgroup.kill"',
  'kill all that its parent has made': 'echo 1 > "/host/$PARENT/cgroup.kill"',
  'freeze the cgroup above': 'echo 1 > "/host/$OWN/cgroup.freeze"',
  'make a cgroup beside its own': 'mkdir "/host/$PARENT/beside"',
  'remove the cgroup above': 'rmdir "/host/$PARENT"',
  'write a kernel parameter of the host': 'echo 1 > /proc/sys/kernel/panic',
};

/** A container that holds others and can see the host's hierarchy: as bad as it gets. */
function target(): Promise<Container> {
  const { layout, v2Base } = readCgroupFacts();
  const limits = Object.fromEntries(Object.entries(LIMITS).filter(([name]) => hasController(name))) as Partial<
    typeof LIMITS
  >;
  const parent = `${(v2Base?.path ?? '').slice(layout.v2?.mount.length ?? 0)}/${lab.cgroupParent}`;
  return lab.nest('true', {
    ...limits,
    name: 'target',
    volumes: [`${layout.v2?.mount ?? ''}:/host`],
    env: { PARENT: parent, OWN: `${parent}/target` },
  });
}

/** Lets a script attack from inside, and expects that the kernel has refused it, and that nothing is different. */
async function expectRefusal(attack: string, run: (box: Container, script: string) => Promise<string>): Promise<void> {
  const box = await target();
  const before = lab.containers.inspect('target').limits;
  const said = await run(box, `{ ${attack}; } 2>&1; echo "ended with $?"`);
  expect(said).toMatch(/^ended with [1-9]|denied|Read-only file system|not permitted|I\/O error/);
  expect(said).toMatch(/ended with [1-9]\d*\n$/);
  expect(lab.containers.inspect('target').limits).toEqual(before);
  expect(lab.containers.get('target')).toMatchObject({ status: 'running' });
}

describe(`a container that holds others, ${delegation}, cannot`, () => {
  it.for(Object.entries(ATTACKS))('%s', async ([, attack], context) => {
    requiresNesting(context);
    await expectRefusal(attack, (box, script) => lab.sh(box, script));
  });
});

/**
 * Inside, the ids of all levels are the same: without nsdelegate, the files of the namespace's own root can be written. They carry
 * no limits; those are one level above. That this is so has a test of its own.
 */
const HARMLESS = [
  'raise its own memory.max',
  'raise its own pids.max',
  'lift its own limits by mounting cgroup2 again',
];
const isHarmless = (name: string): boolean =>
  delegation === 'without nsdelegate' && isUnified && HARMLESS.includes(name);

describe(`a container in a container, ${delegation}, cannot`, () => {
  it.for(Object.entries(ATTACKS).filter(([name]) => !isHarmless(name)))('%s', async ([, attack], context) => {
    requiresNesting(context);
    await expectRefusal(attack, (box, script) => {
      const flags = '--nest -e PARENT -e OWN -e SCRIPT -v /host:/host';
      return lab.sh(box, `SCRIPT='${script}' corral run ${flags} -- sh -c 'eval "$SCRIPT"'`);
    });
  });

  it('lift its own limit, whatever it writes wherever it can', async (context) => {
    requiresNesting(context, ['memory']);
    if (!isUnified) context.skip('needs the memory controller on cgroup v2: limits inside a container');
    const box = await target();
    const files = '$(find /sys/fs/cgroup /tmp/c -name memory.max)';
    const script = `mkdir /tmp/c; mount -t cgroup2 none /tmp/c; for file in ${files}; do echo max > $file; done; tail /dev/zero`;
    const out = await lab.sh(
      box,
      `SCRIPT='${script}' corral run --nest -m 32M -e SCRIPT -- sh -c 'eval "$SCRIPT"' > /dev/null 2>&1; echo "ended with $?"`,
    );
    expect(out).toBe('ended with 137\n');
    expect(lab.containers.get('target')).toMatchObject({ status: 'running' });
  });

  it('raise the limits of the one around it, nor pass them by higher ones of its own', async (context) => {
    requiresNesting(context, ['memory']);
    const box = await target();
    const more = isUnified ? '-m 1G' : '';
    const out = await lab.sh(box, `corral run ${more} -- tail /dev/zero; echo "ended with $?"`);
    expect(out).toBe('ended with 137\n');
    expect(lab.containers.get('target')).toMatchObject({ status: 'running' });
  });
});
