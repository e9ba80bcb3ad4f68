import { describe, expect, it, type TestContext } from 'vitest';
import { readHostFacts } from '../../../src/host/read-facts.js';
import { makeNestLab } from './nest-lab.js';

const lab = makeNestLab();

/** Skips a test where it would not be a user without privileges who nests, with a cgroup and ids to hand on. */
function requiresLentIds(context: TestContext): void {
  const { caller, userns, cgroup } = readHostFacts({ paths: [], cwd: '/' });
  if (caller.privileged) context.skip('needs a user without privileges: the lab has one');
  if (userns.subordinate === undefined) context.skip('needs ids that /etc/subuid and /etc/subgid lend');
  if (cgroup.v2Base === undefined) context.skip('needs a cgroup v2 that is delegated to the user');
}

describe('a user without privileges, to whom ids are lent', () => {
  it('nests containers, each at the root of its own view, each with limits of its own', async (context) => {
    requiresLentIds(context);
    const box = await lab.nest('true', { memory: '256M' });
    const inner = `corral run --nest -m 128M -- sh -c 'tail -n 1 /proc/self/cgroup; cat /proc/self/uid_map'`;
    expect((await lab.sh(box, inner)).replaceAll(/ +/g, ' ')).toBe('0::/\n 0 0 1\n 1 1 65536\n');
  });

  it('takes down what its container’s root has given to another user inside', async (context) => {
    requiresLentIds(context);
    const box = await lab.nest(
      `corral run --nest --user 1000 --name two -- sh -c 'mkdir -p /sys/fs/cgroup/a/b/c; sleep 1000' &
       until test -d /sys/fs/cgroup/corral/two/payload/a/b/c; do sleep 0.1; done`,
      { name: 'one' },
    );
    expect(lab.containers.tree()[0]!.containers.map(({ path }) => path)).toEqual(['one/two']);
    expect(await box.kill()).toMatchObject({ gone: true });
  });
});
