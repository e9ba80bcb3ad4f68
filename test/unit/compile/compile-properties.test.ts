import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import type { HostFacts } from '../../../src/host/facts.js';
import { encodePlan } from '../../../src/plan/encode.js';
import { formatPlan } from '../../../src/plan/format.js';
import type { StepName } from '../../../src/plan/steps.js';
import type { LaunchPlan } from '../../../src/plan/types.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { HYBRID, hostFacts, mount, plainFacts, specOf } from '../../helpers/facts.js';

const plan = (options: ContainerOptions = {}, facts: HostFacts = hostFacts()): LaunchPlan =>
  compile('web', specOf(options), facts);

const ops = ({ steps }: LaunchPlan): readonly StepName[] => steps.map(({ op }) => op);

describe('whatever is asked for, the plan', () => {
  const mode = fc.constantFrom(undefined, 'host' as const);
  const options: fc.Arbitrary<ContainerOptions> = fc
    .record({
      userns: mode,
      pid: mode,
      ipc: mode,
      uts: mode,
      cgroupns: mode,
      net: fc.constantFrom(undefined, 'none', 'host'),
      init: fc.constantFrom(undefined, false),
      readOnly: fc.constantFrom(undefined, true),
      rootfs: fc.constantFrom(undefined, '/image'),
      volumes: fc.subarray(['/dev:/dev', '/srv:/srv:ro', '/proc:/proc', '/sys:/sys', '/tmp/x:/tmp']),
      tmpfs: fc.subarray(['/run/x', '/dev/shm', '/home']),
      user: fc.constantFrom(undefined, 'ann', '4242:1'),
    })
    .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));
  const facts = fc.constantFrom(
    hostFacts(),
    plainFacts(),
    hostFacts({ mounts: [mount('/', 'overlay')] }),
    hostFacts({ kernel: [5, 10], cgroup: HYBRID }),
    hostFacts({
      kinds: { '/work': 'directory' },
      homes: ['/work'],
      mounts: [mount('/', 'ext4'), mount('/srv', 'xfs')],
    }),
  );

  // Without a user namespace an unprivileged caller can make no other: that is refused, see below.
  const possible = (wanted: ContainerOptions, host: HostFacts): boolean =>
    host.caller.privileged || wanted.userns !== 'host';

  test('of an unprivileged caller without a user namespace is refused with the reason', () => {
    expect(() => plan({ userns: 'host' }, plainFacts())).toThrow(
      'namespaces without a user namespace needs root: CAP_SYS_ADMIN',
    );
    expect(() => plan({ isolation: 'cgroup' }, plainFacts())).not.toThrow();
  });

  test('can be encoded and read, and asks for just the namespaces that were wanted', () => {
    fc.assert(
      fc.property(options, facts, (wanted, host) => {
        fc.pre(possible(wanted, host));
        const launch = plan(wanted, host);
        expect(() => encodePlan({ fds: launch.fds.map(({ slot }) => slot), steps: launch.steps })).not.toThrow();
        expect(formatPlan(launch)).not.toMatch(/undefined|NaN|\[object/);
        expect(launch.clone.flags).toHaveLength(specOf(wanted).linux.namespaces.length);
        expect(launch.idMaps === undefined).toBe(wanted.userns === 'host');
      }),
    );
  });

  test('of an unprivileged caller has the parent open no mount', () => {
    fc.assert(
      fc.property(options, (wanted) => {
        fc.pre(possible(wanted, plainFacts()));
        expect(plan(wanted, plainFacts()).fds.map(({ kind }) => kind)).not.toContain('tree');
      }),
    );
  });

  test('brings up lo, names the host and so on exactly in namespaces of its own', () => {
    fc.assert(
      fc.property(options, facts, (wanted, host) => {
        fc.pre(possible(wanted, host));
        const names = ops(plan(wanted, host));
        expect(names.includes('set-hostname')).toBe(wanted.uts === undefined);
        expect(names.includes('bring-up-loopback')).toBe(wanted.net === undefined);
        expect(names.filter((op) => op === 'pivot-root')).toHaveLength(1);
      }),
    );
  });
});
