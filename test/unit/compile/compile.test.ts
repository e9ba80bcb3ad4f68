import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import { UnsupportedError } from '../../../src/errors/unsupported-error.js';
import type { HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import type { StepName } from '../../../src/plan/steps.js';
import type { LaunchPlan } from '../../../src/plan/types.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { HYBRID, NO_CGROUP, ROOT_CALLER, hostFacts, mount, plainFacts, specOf } from '../../helpers/facts.js';

const plan = (options: ContainerOptions = {}, facts: HostFacts = hostFacts()): LaunchPlan =>
  compile('web', specOf(options), facts);

const ops = ({ steps }: LaunchPlan): readonly StepName[] => steps.map(({ op }) => op);

/** Asserts that the first of one comes after the last of the other. */
function expectOrder(launch: LaunchPlan, ...words: readonly RegExp[]): void {
  const lines = launch.steps.map(describeStep);
  const places = words.map((word) => ({
    word: String(word),
    first: lines.findIndex((line) => word.test(line)),
    last: lines.findLastIndex((line) => word.test(line)),
  }));
  for (const { word, first } of places) expect(first, word).toBeGreaterThanOrEqual(0);
  places.slice(1).forEach((next, index) => {
    expect(next.first, `${next.word} after ${places[index]!.word}`).toBeGreaterThan(places[index]!.last);
  });
}

const HOSTS: readonly (readonly [name: string, facts: HostFacts])[] = [
  ['of root', hostFacts()],
  ['of a user', plainFacts()],
];

describe.each(HOSTS)('the plan %s', (_, facts) => {
  const volumes = ['/tmp/data:/data'];
  const launch = plan({ volumes, readOnly: true, sysctl: { 'net.ipv4.ip_forward': '1' }, ulimits: ['core=0'] }, facts);

  test('makes itself root before anything else, since tmpfs wants an owner that the namespace knows', () => {
    expect(launch.steps[0]).toMatchObject({ op: 'set-user', uid: 0, gid: 0 });
  });

  test('is private before it mounts, and opens the host’s sources before the stage covers /tmp', () => {
    expectOrder(
      launch,
      /^make the mounts below/,
      /^open tree/,
      /^open directory \/tmp$/,
      /^open directory stage:root$/,
    );
    expect(launch.steps.map(describeStep).indexOf('mount tmpfs on /tmp')).toBeGreaterThan(
      ops(launch).lastIndexOf('open-tree'),
    );
  });

  test('makes devices before masks clone /dev/null, and masks before the root turns read-only and is entered', () => {
    expectOrder(launch, /^attach dev-/, /^mask/, /^set rdonly on \/$/, /^pivot root$/);
    expectOrder(launch, /^attach mount\./, /^set rdonly on \/$/);
  });

  test('writes kernel parameters in the new root, before /proc/sys turns read-only', () => {
    expectOrder(
      launch,
      /^pivot root$/,
      /^bring up lo$/,
      /^write "1" to sysctl/,
      /^make \/proc\/.* read-only$/,
      /^exec/,
    );
  });

  test('gives up rights one by one: limits, bounding set, ids, capabilities, no_new_privs, descriptors', () => {
    expectOrder(
      launch,
      /^pivot root$/,
      /^change directory to \/work$/,
      /^find executable/,
      /^stay as init$/,
      /^set rlimit/,
      /^set bounding/,
      /^set capabilities/,
      /^set no_new_privs/,
      /^close descriptors from 3 on$/,
      /^exec sh$/,
    );
    const last = ops(launch).lastIndexOf('set-user');
    expect(last).toBeGreaterThan(ops(launch).indexOf('set-bounding-capabilities'));
    expect(last).toBeLessThan(ops(launch).indexOf('set-capabilities'));
  });

  test('says what CAP_SYS_ADMIN means where the ids are the host’s own', () => {
    const facts = hostFacts({ mounts: [mount('/', 'overlay')] });
    expect(plan({}, facts).notes).toEqual([expect.stringContaining('still without privileges outside')]);
    expect(plan({ capAdd: ['SYS_ADMIN'] }, facts).notes).toEqual([
      expect.stringContaining('with CAP_SYS_ADMIN it can act as root on the host'),
    ]);
  });

  test('says that directories cannot be replaced before Linux 6.6', () => {
    expect(plan({}, hostFacts({ kernel: [6, 5] })).notes).toEqual([expect.stringContaining('not made anew')]);
    expect(plan({ userns: 'host' }, hostFacts({ kernel: [6, 5] })).notes).toEqual([]);
  });

  test('passes on, without a user namespace, only the capabilities that the caller has, and says which are missing', () => {
    const caller = { ...ROOT_CALLER, capabilities: 0xffff_ffffn };
    const facts = hostFacts({ caller });
    const options = { userns: 'host', capAdd: ['CHOWN', 'SYSLOG'] } as const;
    const step = plan(options, facts).steps.find(({ op }) => op === 'set-capabilities');
    expect(step).toMatchObject({
      effective: expect.not.toSatisfy((bits: bigint) => (bits >> 34n) % 2n === 1n) as bigint,
    });
    expect(plan(options, facts).notes).toEqual(['the caller has not got, and so cannot pass on, CAP_SYSLOG']);
    expect(plan({ capAdd: ['SYSLOG'] }, facts).notes).toEqual([]);
  });

  test('arms the parent-death signal of an init after its last change of ids', () => {
    expectOrder(launch, /^set parent-death signal SIGKILL$/, /^stay as init$/);
    expect(ops(launch).indexOf('set-user')).toBeLessThan(ops(launch).indexOf('set-parent-death-signal'));
  });

  test('without an init arms it after set-user, which clears it', () => {
    const bare = plan({ init: false }, facts);
    expect(ops(bare)).not.toContain('stay-as-init');
    expect(ops(bare).indexOf('set-parent-death-signal')).toBeGreaterThan(ops(bare).lastIndexOf('set-user'));
    expect(ops(bare).indexOf('set-parent-death-signal')).toBeLessThan(ops(bare).indexOf('close-descriptors'));
  });

  test('that may outlive its parent never arms it', () => {
    for (const init of [true, false]) {
      expect(ops(plan({ init, dieWithParent: false }, facts))).not.toContain('set-parent-death-signal');
    }
  });
});

describe('a container of a cgroup alone', () => {
  const bare: ContainerOptions = { isolation: 'cgroup' };

  test('changes nothing but its streams, session and directory', () => {
    const launch = compile('web', specOf({ ...bare, init: false }), hostFacts());
    expect(launch.clone.flags).toEqual([]);
    expect(ops(launch)).toEqual([
      'set-umask',
      'new-session',
      'set-standard-streams',
      'change-directory',
      'find-executable',
      'set-parent-death-signal',
      'close-descriptors',
      'exec',
    ]);
  });

  describe.each<[string, ContainerOptions]>([
    ['no namespaces', bare],
    ['the pid namespace of the host', { pid: 'host' }],
  ])('with %s', (_, options) => {
    const guard = { slot: 'cgroup.kill', kind: 'cgroup-kill' };
    const steps = (facts: HostFacts, more: ContainerOptions = {}): readonly string[] =>
      plan({ ...options, ...more }, facts).steps.map(describeStep);

    test('has an init that takes the others along when the parent dies', () => {
      const launch = plan(options);
      expect(launch.fds).toContainEqual(guard);
      expect(launch.steps).toContainEqual({ op: 'stay-as-init', guard: guard.slot });
      expectOrder(
        launch,
        /^set parent-death signal SIG64$/,
        /^stay as init$/,
        /^set parent-death signal SIGKILL$/,
        /^exec/,
      );
    });

    test('has an init that kills its children one by one then, where nothing kills a cgroup as a whole', () => {
      const { v2Base: _v2Base, v2Top: _v2Top, ...v1 } = HYBRID;
      const freezer = { controllers: ['freezer'], path: '/sys/fs/cgroup/freezer' };
      const legacy = hostFacts({ cgroup: { ...v1, v1Base: [...v1.v1Base, freezer] } });
      for (const facts of [hostFacts({ kernel: [5, 13] }), legacy]) {
        expect(plan(options, facts).fds).not.toContainEqual(guard);
        const launch = plan(options, facts);
        expect(launch.steps).toContainEqual({ op: 'keep-children', always: 0 });
        expect(launch.steps).toContainEqual({ op: 'stay-as-init', guard: undefined });
        expectOrder(launch, /^keep the list/, /^set parent-death signal SIG64$/, /^stay as init$/);
        expect(ops(plan({ ...options, dieWithParent: false }, facts))).not.toContain('keep-children');
      }
    });

    test('has no guard where it may outlive its parent', () => {
      expect(plan({ ...options, dieWithParent: false }).fds).not.toContainEqual(guard);
      expect(steps(hostFacts(), { dieWithParent: false }).join()).not.toContain('parent-death');
    });
  });

  test.each<[string, ContainerOptions, HostFacts, boolean]>([
    ['another user', { user: '5:5' }, hostFacts(), true],
    ['another group', { user: '0:5' }, hostFacts(), true],
    ['the same user with other groups', { user: '0:0', groups: ['5'] }, hostFacts(), true],
    ['the same user and groups', { user: '0:0', groups: ['0'] }, hostFacts(), false],
    ['root without its groups', { user: '0:0' }, hostFacts({ caller: { ...ROOT_CALLER, groups: [0, 4] } }), true],
    ['oneself, who may set no groups', { user: '1000:1000', groups: ['5'] }, plainFacts(), false],
  ])('sets the user for %s', (_, options, facts, sets) => {
    expect(ops(plan({ ...bare, ...options }, facts)).includes('set-user')).toBe(sets);
  });
});

describe('cgroups', () => {
  test('v1 ones are joined after the clone, so the cgroup namespace is made once the parent has done it', () => {
    const launch = plan({ memory: '1g' }, hostFacts({ cgroup: HYBRID }));
    expect(launch.clone.flags).not.toContain('CLONE_NEWCGROUP');
    expect(launch.steps[1]).toEqual({ op: 'unshare', flags: 0x02000000 });
    expect(plan({}, hostFacts({ cgroup: HYBRID })).clone.flags).toContain('CLONE_NEWCGROUP');
    expect(ops(plan({ memory: '1g', cgroupns: 'host' }, hostFacts({ cgroup: HYBRID })))).not.toContain('unshare');
  });

  test('live where the options say', () => {
    expect(plan({ cgroupParent: '/a' }).cgroup.v2?.path).toBe('/sys/fs/cgroup/a/web');
    expect(plan().cgroup.v2?.path).toBe('/sys/fs/cgroup/corral/web');
  });

  test('can be missing where a pid namespace takes everything along', () => {
    const launch = plan({}, hostFacts({ cgroup: NO_CGROUP }));
    expect(launch.notes).toContainEqual(expect.stringMatching(/^no cgroup, .*: cgroup v2 is not mounted$/));
    expect(ops(launch)).not.toContain('keep-children');
  });

  test.each<ContainerOptions>([{ pid: 'host' }, { isolation: 'cgroup' }])(
    'can be missing without one, with %o, where an init kills its children one by one',
    (options) => {
      const facts = hostFacts({ cgroup: NO_CGROUP });
      for (const dieWithParent of [true, false]) {
        const launch = plan({ ...options, dieWithParent }, facts);
        expect(launch.notes).toContainEqual(
          expect.stringMatching(/^no cgroup and no pid namespace.*: cgroup v2 is not mounted$/),
        );
        expect(launch.steps).toContainEqual({ op: 'keep-children', always: 1 });
      }
      expect(() => plan({ ...options, init: false }, facts)).toThrow(UnsupportedError);
      const { problem: _, ...unexplained } = NO_CGROUP;
      const unknown = hostFacts({ cgroup: unexplained });
      expect(() => plan({ ...options, init: false }, unknown)).toThrow('no cgroup can be made');
    },
  );
});

describe('a host that refuses user namespaces', () => {
  const { userns } = hostFacts();
  const refused = 'max_user_namespaces is 0';

  test('starts root’s containers without one, and says so', () => {
    const launch = plan({}, hostFacts({ userns: { ...userns, refused } }));
    expect(launch.clone.flags).not.toContain('CLONE_NEWUSER');
    expect(launch).not.toHaveProperty('idMaps');
    expect(launch.notes).toEqual([expect.stringMatching(new RegExp(`^no user namespace.*: ${refused}$`))]);
    expect(launch.fds).toContainEqual(expect.objectContaining({ slot: 'host-root', idmap: false }));
  });

  test('starts none of anybody else, and says what would help', () => {
    expect(() => plan({}, plainFacts({ userns: { ...userns, refused } }))).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED', hint: expect.stringContaining('sysctl') as unknown }),
    );
  });

  test('is no matter where none is wanted', () => {
    expect(plan({ userns: 'host' }, hostFacts({ userns: { ...userns, refused } })).notes).toEqual([]);
  });
});

describe('details', () => {
  test('a /dev of the host’s leaves /dev/null to masks, on the stage', () => {
    const launch = plan({ volumes: ['/dev:/dev'] });
    expectOrder(launch, /^open tree \/dev\/null$/, /^attach dev-null to stage:null$/, /^mask/);
    expect(launch.steps.map(describeStep)).not.toContain('attach dev-zero to /dev/zero');
  });

  test('a working directory is made in an image, never in the host’s root', () => {
    const makes = (options: ContainerOptions): boolean =>
      plan(options).steps.map(describeStep).includes('make directory /srv/app');
    expect(makes({ rootfs: '/image', cwd: '/srv/app' })).toBe(true);
    expect(makes({ cwd: '/srv/app' })).toBe(false);
    expect(ops(plan({ rootfs: '/image' }))).not.toContain('make-directory');
  });

  test('an image without a PATH is searched nowhere', () => {
    const spec = specOf();
    const launch = compile('web', { ...spec, process: { ...spec.process, env: ['XPATH=/x'], args: [] } }, hostFacts());
    expect(launch.steps).toContainEqual({ op: 'find-executable', file: '', path: '' });
  });

  test('an out-of-memory score is set before the rights to it go', () => {
    expectOrder(plan({ oomScoreAdj: -5 }), /^set oom_score_adj to -5$/, /^set bounding/);
    expect(ops(plan())).not.toContain('set-oom-score-adj');
  });

  test('privileges may be gained only where that was asked for', () => {
    expect(ops(plan({ noNewPrivileges: false }))).not.toContain('set-no-new-privileges');
  });
});
