import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { becomeRoot, cgroupOwner, isMapped, planIds, toHostId } from '../../../src/compile/ids.js';
import { PLAIN_CALLER, hostFacts, mount, plainFacts, specOf } from '../../helpers/facts.js';

const overlayRoot = hostFacts({ mounts: [mount('/', 'overlay')] });

describe('the ids of root’s container', () => {
  test('are 65536 unprivileged ones of the host, never any that a host hands out', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const { maps, shifted, notes } = planIds(name, specOf(), hostFacts());
        const [range] = maps!.uids;
        expect(maps).toEqual({ uids: [range], gids: [range], setgroups: 'allow', writer: 'direct' });
        expect(range).toMatchObject({ containerId: 0, size: 65536 });
        expect(range!.hostId).toBeGreaterThanOrEqual(524288);
        expect(range!.hostId + 65536).toBeLessThanOrEqual(1879048192);
        expect(range!.hostId % 65536).toBe(0);
        expect({ shifted, notes }).toEqual({ shifted: true, notes: [] });
      }),
    );
  });

  test('are the same for the same name, and others for another', () => {
    const first = (name: string): number => planIds(name, specOf(), hostFacts()).maps!.uids[0]!.hostId;
    expect(first('web')).toBe(first('web'));
    const all = new Set(Array.from({ length: 100 }, (_, index) => first(`web-${String(index)}`)));
    expect(all.size).toBeGreaterThan(95);
  });

  test('are the host’s own, with a note, where the root cannot be idmapped', () => {
    expect(planIds('web', specOf(), overlayRoot)).toEqual({
      maps: {
        uids: [{ containerId: 0, hostId: 0, size: 0xffff_ffff }],
        gids: [{ containerId: 0, hostId: 0, size: 0xffff_ffff }],
        setgroups: 'allow',
        writer: 'direct',
      },
      shifted: false,
      notes: [
        "container ids are the host's own (still without privileges outside): " +
          '/ is on overlay, which cannot be idmapped here',
      ],
    });
  });

  test('are never the host’s own where the container may hold others, whoever owns the files', () => {
    const { maps, shifted } = planIds('web', specOf({ nest: true }), overlayRoot);
    expect(shifted).toBe(true);
    expect(maps!.uids[0]!.hostId).toBeGreaterThanOrEqual(524288);
  });

  test('depend on what is mounted below a root filesystem of one’s own, for it is bound whole', () => {
    const mounts = [mount('/', 'ext4'), mount('/image/data', 'nfs')];
    expect(planIds('web', specOf({ rootfs: '/image' }), hostFacts({ mounts })).shifted).toBe(false);
    expect(planIds('web', specOf(), hostFacts({ mounts })).shifted).toBe(true);
  });

  test('cannot have groups where an outer user namespace denies them', () => {
    const ids = [{ containerId: 0, hostId: 1000, size: 1 }];
    const facts = hostFacts({ userns: { initial: false, uids: ids, gids: ids, setgroupsDenied: true } });
    expect(planIds('web', specOf(), facts).maps!.setgroups).toBe('deny');
  });

  test('are the outer container’s, one to one, in a nested one', () => {
    const uids = [{ containerId: 0, hostId: 524288, size: 65536 }];
    const gids = [{ containerId: 5, hostId: 524288, size: 7 }];
    expect(planIds('web', specOf(), hostFacts({ userns: { initial: false, uids, gids } }))).toMatchObject({
      maps: {
        uids: [{ containerId: 0, hostId: 0, size: 65536 }],
        gids: [{ containerId: 5, hostId: 5, size: 7 }],
      },
      shifted: false,
      notes: [],
    });
  });

  test('are those of the spec where it has some', () => {
    const spec = specOf();
    const uidMappings = [{ containerID: 0, hostID: 5, size: 10 }];
    const mapped = { ...spec, linux: { ...spec.linux, uidMappings, gidMappings: [] } };
    expect(planIds('web', mapped, hostFacts())).toMatchObject({
      maps: { uids: [{ containerId: 0, hostId: 5, size: 10 }], gids: [], writer: 'direct' },
      shifted: true,
    });
  });
});

describe('the ids of anybody else’s container', () => {
  test('are the caller’s alone where nothing is lent, and the kernel then wants setgroups denied', () => {
    const { maps, shifted, notes } = planIds('web', specOf(), plainFacts());
    expect(maps).toEqual({
      uids: [{ containerId: 0, hostId: 1000, size: 1 }],
      gids: [{ containerId: 0, hostId: 1000, size: 1 }],
      setgroups: 'deny',
      writer: 'direct',
    });
    expect(shifted).toBe(true);
    expect(notes).toEqual([expect.stringContaining('one user only')]);
  });

  test('are the caller’s and what is lent, written by newuidmap', () => {
    const { userns } = hostFacts();
    const subordinate = { uids: { first: 100000, size: 65536 }, gids: { first: 200000, size: 1000 } };
    const { maps, notes } = planIds('web', specOf(), plainFacts({ userns: { ...userns, subordinate } }));
    expect(maps).toEqual({
      uids: [
        { containerId: 0, hostId: 1000, size: 1 },
        { containerId: 1, hostId: 100000, size: 65536 },
      ],
      gids: [
        { containerId: 0, hostId: 1000, size: 1 },
        { containerId: 1, hostId: 200000, size: 1000 },
      ],
      setgroups: 'allow',
      writer: 'newidmap',
    });
    expect(notes).toEqual([]);
  });
});

test('without a user namespace nothing is mapped, for nobody', () => {
  for (const facts of [hostFacts(), plainFacts(), hostFacts({ caller: PLAIN_CALLER })]) {
    expect(planIds('web', specOf({ userns: 'host' }), facts)).toEqual({ shifted: false, notes: [] });
  }
});

test('a process becomes root of its user namespace, and leaves its groups where it may', () => {
  const context = (facts: Parameters<typeof planIds>[2]) => ({ spec: specOf(), ids: planIds('web', specOf(), facts) });
  expect(becomeRoot(context(hostFacts()))).toEqual([{ op: 'set-user', uid: 0, gid: 0, groups: [], setgroups: 1 }]);
  expect(becomeRoot(context(plainFacts()))).toMatchObject([{ setgroups: 0 }]);
  expect(becomeRoot({ spec: specOf({ userns: 'host' }), ids: { shifted: false, notes: [] } })).toEqual([]);
});

test.each([
  [4, false],
  [5, true],
  [6, true],
  [7, false],
  [20, true],
])('id %i is mapped: %s', (id, mapped) => {
  const ranges = [
    { containerId: 5, hostId: 0, size: 2 },
    { containerId: 20, hostId: 9, size: 1 },
  ];
  expect(isMapped(ranges, id)).toBe(mapped);
});

describe('the owner of a nesting container’s cgroup', () => {
  const spec = specOf({ nest: true, user: '1000:1000' });

  test('is the container’s user, by the ids of the host', () => {
    const ids = planIds('web', spec, hostFacts());
    const first = ids.maps!.uids[0]!.hostId;
    expect(cgroupOwner(spec.process, ids, hostFacts())).toEqual({ uid: first + 1000, gid: first + 1000 });
    expect(toHostId(ids.maps!.uids, 65536)).toBeUndefined();
  });

  test('stays the caller where that has no other ids to give, or a user has none', () => {
    const plain = plainFacts();
    const { uid, gid } = PLAIN_CALLER;
    expect(cgroupOwner(spec.process, planIds('web', spec, plain), plain)).toEqual({ uid, gid });
    const unmapped = specOf({ nest: true, user: '70000:70000' });
    expect(cgroupOwner(unmapped.process, planIds('web', unmapped, hostFacts()), hostFacts())).toEqual({
      uid: 0,
      gid: 0,
    });
    expect(cgroupOwner(spec.process, { shifted: false, notes: [] }, hostFacts())).toEqual({ uid: 0, gid: 0 });
  });
});
