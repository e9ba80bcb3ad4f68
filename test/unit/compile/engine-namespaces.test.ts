import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import type { HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import { encodePlan } from '../../../src/plan/encode.js';
import { formatPlan } from '../../../src/plan/format.js';
import type { LaunchPlan } from '../../../src/plan/types.js';
import type { Namespace, SpecNamespaceType } from '../../../src/spec/types.js';
import { type SpecChanges, engineSpec } from '../../helpers/engine-spec.js';
import { hostFacts, plainFacts } from '../../helpers/facts.js';

const plan = (changes: SpecChanges = {}, facts: HostFacts = hostFacts()): LaunchPlan =>
  compile('web', engineSpec('true', changes), facts);

const lines = (changes: SpecChanges = {}, facts?: HostFacts): readonly string[] =>
  plan(changes, facts).steps.map(describeStep);

const fresh = (...types: readonly SpecNamespaceType[]): readonly Namespace[] => types.map((type) => ({ type }));
const joined = (...types: readonly SpecNamespaceType[]): readonly Namespace[] =>
  types.map((type) => ({ type, path: `/run/${type}` }));

const IDS = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
const MAPPED = { uidMappings: IDS, gidMappings: IDS };

describe('namespaces', () => {
  const entry = (namespaces: readonly Namespace[], facts?: HostFacts, more: SpecChanges = {}) => {
    const ids = namespaces.some(({ type, path }) => type === 'user' && path === undefined) ? MAPPED : {};
    const { clone, prelude = [], steps, fds } = plan({ ...more, linux: { ...ids, ...more.linux, namespaces } }, facts);
    const end = steps.findIndex(({ op }) => op === 'join-session-keyring');
    return {
      clone: clone.flags,
      prelude: prelude.map(describeStep),
      steps: steps.slice(0, end).map(describeStep),
      fds: fds.flatMap(({ slot, kind }) => (kind === 'namespace' ? [slot] : [])),
    };
  };

  test('that are new are those of the clone', () => {
    expect(entry(fresh('mount', 'pid', 'user'))).toEqual({
      clone: ['CLONE_NEWNS', 'CLONE_NEWPID', 'CLONE_NEWUSER'],
      prelude: [],
      steps: ['set user 0:0'],
      fds: [],
    });
  });

  test('that are joined are joined by the rights of the caller, the mount namespace last', () => {
    expect(entry([...joined('mount', 'pid', 'network'), ...fresh('uts')], undefined, { mounts: [] })).toEqual({
      clone: ['CLONE_NEWUTS'],
      prelude: [],
      steps: ['join pid namespace', 'join net namespace', 'join mount namespace', 'enter the pid namespace'],
      fds: ['pid-namespace', 'network-namespace', 'mount-namespace'],
    });
  });

  test('are joined before a user namespace is made, which then gets its ids', () => {
    expect(entry([...fresh('user', 'mount', 'time'), ...joined('network', 'pid')])).toEqual({
      clone: [],
      prelude: [
        'enter a new time namespace',
        'join net namespace',
        'join pid namespace',
        'unshare user namespace',
        'wait for the parent to write id maps',
      ],
      steps: ['set user 0:0', 'unshare mount namespace', 'enter the pid namespace'],
      fds: [],
    });
  });

  test('are joined before a user namespace is joined, and made after that', () => {
    const namespaces = [...joined('user', 'network'), ...fresh('mount', 'pid', 'cgroup')];
    expect(entry(namespaces)).toEqual({
      clone: [],
      prelude: [],
      steps: [
        'join net namespace',
        'join user namespace',
        'set user 0:0',
        'unshare mount, cgroup, pid namespaces',
        'enter the pid namespace',
      ],
      fds: ['user-namespace', 'network-namespace'],
    });
    expect(entry(namespaces, plainFacts()).steps.slice(0, 3)).toEqual([
      'join user namespace',
      'set user 0:0',
      'join net namespace',
    ]);
  });

  test('of a user alone that is joined need nothing else', () => {
    expect(entry(joined('user'), undefined, { mounts: [] }).steps).toEqual(
      ['join user namespace', 'set user 0:0', 'change root to /srv/rootfs'].slice(0, 2),
    );
  });

  test('of time have their offsets', () => {
    const linux = { timeOffsets: { monotonic: { secs: 3 }, boottime: { nanosecs: 4 } } };
    const { steps } = plan({ linux: { ...linux, namespaces: fresh('mount', 'pid', 'time') } });
    expect(steps[0]).toEqual({ op: 'enter-time-namespace', offsets: 'monotonic 3 0\nboottime 0 4\n' });
  });

  test('that are joined keep their loopback device as it is', () => {
    expect(lines()).toContain('bring up lo');
    expect(lines({ linux: { namespaces: [...fresh('mount', 'pid'), ...joined('network')] } })).not.toContain(
      'bring up lo',
    );
  });

  test('every plan can be sent', () => {
    const {
      fds,
      steps,
      prelude = [],
    } = plan({ linux: { ...MAPPED, namespaces: [...fresh('user', 'mount'), ...joined('uts')] } });
    expect(() => encodePlan({ fds: fds.map(({ slot }) => slot), steps })).not.toThrow();
    expect(() => encodePlan({ fds: ['report', 'uts-namespace'], steps: prelude })).not.toThrow();
    const text = formatPlan(plan({ linux: { ...MAPPED, namespaces: [...fresh('user', 'mount'), ...joined('uts')] } }));
    expect(text).toContain('corral-init, without ids\n  0 join uts namespace\n');
    expect(text).toContain('namespaces\n  open uts /run/uts as uts-namespace\n');
  });
});

describe('ids', () => {
  const mapsOf = (linux: SpecChanges['linux'], facts?: HostFacts) =>
    plan({ linux: { namespaces: fresh('user', 'mount', 'pid'), ...linux } }, facts).idMaps;

  test('are as given, and never mapped to files', () => {
    const { idMaps, fds } = plan({ linux: { namespaces: fresh('user', 'mount', 'pid'), ...MAPPED } });
    const range = { containerId: 0, hostId: 100_000, size: 65_536 };
    expect(idMaps).toEqual({ uids: [range], gids: [range], setgroups: 'allow', writer: 'direct' });
    expect(fds.find(({ kind }) => kind === 'tree')).toMatchObject({ idmap: false });
  });

  test('of an unprivileged caller are its own, or borrowed', () => {
    const own = [{ containerID: 0, hostID: 1000, size: 1 }];
    expect(mapsOf({ uidMappings: own, gidMappings: own }, plainFacts())).toMatchObject({
      setgroups: 'deny',
      writer: 'direct',
    });
    const other = [{ containerID: 0, hostID: 1001, size: 1 }];
    expect(mapsOf({ uidMappings: own, gidMappings: other }, plainFacts())).toMatchObject({ writer: 'newidmap' });
    const two = [...own, { containerID: 1, hostID: 100_000, size: 10 }];
    expect(mapsOf({ uidMappings: two, gidMappings: two }, plainFacts())).toMatchObject({
      setgroups: 'allow',
      writer: 'newidmap',
    });
  });

  test('stay without groups where the caller has none to set', () => {
    const facts = hostFacts();
    const denied = { ...facts, userns: { ...facts.userns, setgroupsDenied: true as const } };
    expect(mapsOf(MAPPED, denied)).toMatchObject({ setgroups: 'deny' });
  });

  test('of a user namespace that is joined are not written, and its root has groups if the caller may set them', () => {
    const linux = { namespaces: [...joined('user'), ...fresh('mount', 'pid')] };
    const usersOf = (facts?: HostFacts) =>
      plan({ linux }, facts).steps.flatMap((step) => (step.op === 'set-user' ? [step.setgroups] : []));
    expect(plan({ linux }).idMaps).toBeUndefined();
    expect(usersOf()).toEqual([0, 1]);
    expect(usersOf(plainFacts())).toEqual([0, 0]);
  });
});
