import { describe, expect, it } from 'vitest';
import { generateFloorPlan } from '../../../bench/lib/floor-plan.mjs';

const PLAN = {
  cgroup: { v2: { path: '/sys/fs/cgroup/corral/0123', writes: [] }, v1: [] },
  clone: { flags: ['CLONE_NEWUSER', 'CLONE_NEWPID'] },
  idMaps: {
    uids: [{ containerId: 0, hostId: 100000, size: 65536 }],
    gids: [{ containerId: 0, hostId: 200000, size: 65536 }],
  },
  fds: [{ slot: 'host-root', kind: 'tree', path: '/', recursive: false, idmap: true }],
};
const FIND = { op: 'find-executable', file: 'sh', path: '/nonexistent:/bin' };
const END = [{ op: 'stay-as-init' }, { op: 'set-no-new-privileges' }, { op: 'exec' }];

function generate(...steps: readonly object[]): string {
  return generateFloorPlan(
    { ...PLAN, steps: [...steps, FIND, ...END] },
    { ...PLAN, idMaps: undefined, steps: [{ op: 'new-session' }] },
  );
}

/** The calls of one of the functions. */
function body(text: string, name: string): string[] {
  const [, rest = ''] = text.split(`${name}(`);
  return rest
    .slice(rest.indexOf('{') + 1, rest.indexOf('\n}'))
    .trim()
    .split(/;\n\s*|;$/)
    .filter(Boolean);
}

describe('generateFloorPlan', () => {
  it('takes flags, maps and cgroups as they are in the plan', () => {
    const text = generate();
    expect(text).toContain('#define FLOOR_CLONE_FLAGS (CLONE_NEWUSER | CLONE_NEWPID)');
    expect(text).toContain('#define FLOOR_UID_MAP "0 100000 65536\\n"');
    expect(text).toContain('#define FLOOR_GID_MAP "0 200000 65536\\n"');
    expect(text).toContain('#define FLOOR_CGROUP_BASE "/sys/fs/cgroup"');
    expect(text).toContain('#define FLOOR_EXECUTABLE "/bin/sh"');
  });

  it('splits at the fork of init', () => {
    const text = generate({ op: 'set-hostname', name: 'web' });
    expect(body(text, 'plan_init')).toEqual(['stamp(kPivoted)', 'set_hostname("web")']);
    expect(body(text, 'plan_workload')).toEqual(['set_no_new_privileges()']);
    expect(body(text, 'plan_cgroup_child')).toEqual(['start_session()']);
  });

  it('makes the directories above a file once, and mount points that the host has not got', () => {
    const text = generate(
      { op: 'make-file', root: 'stage', path: 'cover/etc/shadow', mode: 0o640, content: '' },
      { op: 'make-file', root: 'stage', path: 'cover/etc/hosts', mode: 0o644, content: 'a\n' },
      {
        op: 'mount',
        type: 'tmpfs',
        source: 'tmpfs',
        options: [],
        root: 'root',
        target: '/dev',
        attributes: 0x22,
        create: 1,
      },
      {
        op: 'mount',
        type: 'devpts',
        source: 'devpts',
        options: ['gid=5'],
        root: 'root',
        target: '/dev/pts',
        attributes: 2,
        create: 1,
      },
    );
    expect(body(text, 'plan_init')).toEqual([
      'make_directory("cover", 0755)',
      'make_directory("cover/etc", 0755)',
      'make_file("cover/etc/shadow", 0640, "")',
      'make_file("cover/etc/hosts", 0644, "a\\n")',
      `mount_new("tmpfs", "tmpfs", "root/dev", ${2 | (1 << 24)}, "")`,
      'make_directory("root/dev/pts", 0755)',
      'mount_new("devpts", "devpts", "root/dev/pts", 2, "gid=5")',
    ]);
  });

  it('attaches the clone of the host by its place in the table, with the attributes of the step', () => {
    const text = generate({ op: 'attach-mount', tree: 'host-root', root: 'stage', target: 'host.0', attributes: 5 });
    expect(text).toContain(`{"/", ${0x100000 | 5}},`);
    expect(body(text, 'plan_init')).toEqual(['make_directory("host.0", 0755)', 'attach_tree(trees[0], "host.0")']);
  });

  it('drops every capability but those to keep', () => {
    const dropped = body(generate({ op: 'set-bounding-capabilities', keep: 0b1011 }), 'plan_init');
    expect(dropped[0]).toBe('drop_bounding(2)');
    expect(dropped).not.toContain('drop_bounding(3)');
    expect(dropped).toContain('drop_bounding(4)');
  });

  it('never does less than the plan', () => {
    expect(() => generate({ op: 'open-terminal' })).toThrow('the floor does not know the step open-terminal');
    const limited = { ...PLAN, cgroup: { ...PLAN.cgroup, v1: [{}] }, steps: [FIND, ...END] };
    expect(() => generateFloorPlan(limited, limited)).toThrow('the floor knows no limits');
  });
});
