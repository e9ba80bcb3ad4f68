import { describe, expect, test } from 'vitest';
import { formatPlan, formatRanges } from '../../../src/plan/format.js';
import type { LaunchPlan } from '../../../src/plan/types.js';

const EMPTY: LaunchPlan = {
  id: 'web',
  cgroup: { v1: [] },
  clone: { flags: [] },
  fds: [
    { slot: 'report', kind: 'report' },
    { slot: 'stdin', kind: 'stream', stream: 'stdin' },
    { slot: 'container', kind: 'pidfd' },
  ],
  steps: [{ op: 'exec', argv: ['true'], environment: [] }],
  notes: [],
};

describe('the text of a plan', () => {
  test('leaves out what there is not', () => {
    expect(formatPlan(EMPTY)).toBe('clone\n  clone3\n\ncorral-init\n  0 exec true\n');
  });

  test('has a section for each actor, in the order of what happens', () => {
    const range = { containerId: 0, hostId: 524288, size: 65536 };
    const plan: LaunchPlan = {
      ...EMPTY,
      cgroup: {
        evacuate: '/cg',
        v2: {
          base: '/cg',
          path: '/cg/corral/web',
          payload: '/cg/corral/web/payload',
          enable: [{ path: '/cg', controllers: ['cpu', 'pids'] }],
          writes: [{ file: 'pids.max', value: '5' }],
        },
        v1: [
          {
            controllers: ['memory'],
            base: '/m',
            path: '/m/corral/web',
            inherit: [],
            writes: [{ file: 'memory.limit_in_bytes', value: '4096' }],
          },
        ],
      },
      clone: { flags: ['CLONE_NEWPID'] },
      idMaps: { uids: [range], gids: [range], setgroups: 'allow', writer: 'direct' },
      fds: [
        ...EMPTY.fds,
        { slot: 'rootfs', kind: 'tree', path: '/image', recursive: true, idmap: true },
        { slot: 'mount.1', kind: 'tree', path: '/data', recursive: false, idmap: false },
      ],
      steps: [...Array.from({ length: 10 }, () => ({ op: 'new-session' }) as const), ...EMPTY.steps],
      notes: ['something is missing'],
    };
    expect(formatPlan(plan).split('\n')).toEqual([
      'cgroup',
      '  move the processes of /cg to /cg/supervisor',
      '  write +cpu +pids to /cg/cgroup.subtree_control',
      '  make /cg/corral/web',
      '  write 5 to pids.max',
      '  make /cg/corral/web/payload',
      '  make /m/corral/web',
      '  write 4096 to memory.limit_in_bytes',
      '',
      'clone',
      '  clone3 CLONE_INTO_CGROUP | CLONE_NEWPID',
      '',
      'parent',
      '  map uids 0-65535 → 524288-589823',
      '  map gids 0-65535 → 524288-589823',
      '  join /m/corral/web',
      '  clone mount /image as rootfs (recursive, idmapped)',
      '  clone mount /data as mount.1',
      '',
      'corral-init',
      ...Array.from({ length: 10 }, (_, index) => `   ${index} start a session`),
      '  10 exec true',
      '',
      'notes',
      '  something is missing',
      '',
    ]);
  });
});

test.each([
  [[], ''],
  [[{ containerId: 0, hostId: 1000, size: 1 }], '0 → 1000'],
  [
    [
      { containerId: 0, hostId: 1000, size: 1 },
      { containerId: 1, hostId: 100000, size: 65536 },
    ],
    '0 → 1000, 1-65536 → 100000-165535',
  ],
])('ranges %j read %j', (ranges, text) => {
  expect(formatRanges(ranges)).toBe(text);
});

describe('a unit of systemd’s', () => {
  const scope: NonNullable<LaunchPlan['cgroup']['scope']> = {
    manager: 'system',
    unit: 'corral-web.scope',
    slice: 'corral.slice',
    description: 'web',
    properties: [
      { name: 'MemoryMax', type: 't', value: 4096 },
      { name: 'TasksMax', type: 't', value: 'infinity' },
      { name: 'AllowedCPUs', type: 'ay', value: [0b1001, 0b10] },
      {
        name: 'IOReadBandwidthMax',
        type: 'a(st)',
        value: [
          ['/dev/vda', 5],
          ['/dev/vdb', 'infinity'],
        ],
      },
    ],
  };
  const lines = (cgroup: LaunchPlan['cgroup']): readonly string[] =>
    formatPlan({ ...EMPTY, cgroup })
      .split('\n')
      .map((line) => line.trim());

  test('has its properties in words', () => {
    const text = lines({ v1: [], scope });
    const at = text.indexOf('systemd');
    expect(text.slice(at + 1, at + 6)).toEqual([
      "start corral-web.scope in corral.slice around the process and a keeper, by the system's manager, with Delegate=yes",
      'MemoryMax=4096',
      'TasksMax=infinity',
      'AllowedCPUs=0,3,9',
      'IOReadBandwidthMax=/dev/vda 5, /dev/vdb infinity',
    ]);
  });

  test('says whose manager it is, and around what', () => {
    expect(lines({ v1: [], flat: true, scope: { ...scope, manager: 'user' } })).toContain(
      "start corral-web.scope in corral.slice around the process, by the user's manager, with Delegate=yes",
    );
    expect(lines({ v1: [], flat: true, scope: { ...scope, unit: 'web.slice' } })).toContain(
      "start web.slice, which wants corral.slice, by the system's manager, and move the process there",
    );
  });
});
