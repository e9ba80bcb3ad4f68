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
