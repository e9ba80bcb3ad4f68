import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import type { Step } from '../../../src/plan/steps.js';
import { AT_RECURSIVE, CLONE, MOUNT_ATTR, MS_PRIVATE, RLIMIT } from '../../../src/util/linux.js';
import { output, run, shell } from './launch-helper.js';

const { EROFS, ELOOP, ENODEV, EBADF } = constants.errno;
const { MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC } = MOUNT_ATTR;

const flags = CLONE.CLONE_NEWNS | CLONE.CLONE_NEWPID;
const PRIVATE: Step = { op: 'set-propagation', path: '/', propagation: MS_PRIVATE };

/** A tmpfs on /mnt, open as the slot `root`. */
const STAGE: readonly Step[] = [
  PRIVATE,
  {
    op: 'mount',
    type: 'tmpfs',
    source: 'x',
    options: ['mode=0755'],
    root: undefined,
    target: '/mnt',
    attributes: 0,
    create: 0,
  },
  { op: 'open-directory', root: undefined, path: '/mnt', directory: 'root' },
];
const mkdir = (path: string, mode = 0o755): Step => ({ op: 'make-directory', root: 'root', path, mode });
const mkfile = (path: string, content = '', mode = 0o644): Step => ({
  op: 'make-file',
  root: 'root',
  path,
  mode,
  content,
});
const symlink = (path: string, target: string): Step => ({ op: 'make-symlink', root: 'root', path, target });
const staged = (steps: readonly Step[], script: string): Promise<string> =>
  output([...STAGE, ...steps], script, { flags });

describe('files and directories', () => {
  test('get their exact modes, whatever the umask, and missing parents 0755', async () => {
    const steps = [
      { op: 'set-umask', mask: 0o77 } as const,
      mkdir('/a/b/c', 0o2770),
      mkfile('/a/file', 'text', 0o4711),
      mkfile('/a/file', 'other', 0o600),
      symlink('/a/link', '/nowhere'),
      symlink('/a/link', '/elsewhere'),
    ];
    const script = 'cd /mnt/a; stat -c "%n %a" . b b/c file; cat file; echo; readlink link; umask';
    expect((await staged(steps, script)).split('\n')).toEqual([
      '. 755',
      'b 755',
      'b/c 2770',
      'file 4711',
      'text',
      '/nowhere',
      '0077',
    ]);
  });

  test('stay in their root when links lead out of it', async () => {
    const steps = [
      mkdir('/inside'),
      symlink('/inside/out', '../../../../etc'),
      mkdir('/etc'),
      mkfile('/inside/out/corral-x'),
    ];
    expect(await staged(steps, 'ls /mnt/etc; ls /etc | grep -c corral-x || true')).toBe('corral-x\n0');
  });

  test('a dangling link is no way out: what it leads to is made in the root', async () => {
    const steps = [symlink('/dangling', '/nowhere/x'), mkdir('/dangling/y')];
    expect(await staged(steps, 'ls -d /mnt/nowhere/x/y; ls /nowhere 2>/dev/null || true')).toBe('/mnt/nowhere/x/y');
    const loop = [symlink('/a', '/b'), symlink('/b', '/a'), mkdir('/a/c'), shell('true')];
    const { outcome } = await run([...STAGE, ...loop], { flags });
    expect(outcome).toEqual({ kind: 'failed', step: 5, errno: ELOOP });
  });

  test('nodes', async () => {
    const null_: Step = { op: 'make-node', root: 'root', path: '/dev/null', mode: 0o020666, device: (1 << 8) | 3 };
    expect(await staged([null_], 'stat -c "%a %t:%T %F" /mnt/dev/null')).toBe('666 1:3 character special file');
  });
});

describe('mounts', () => {
  test('have attributes, and make their mount point', async () => {
    const attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    const steps: Step[] = [
      {
        op: 'mount',
        type: 'proc',
        source: 'proc',
        options: [],
        root: 'root',
        target: '/x/proc',
        attributes,
        create: 1,
      },
    ];
    expect(await staged(steps, 'grep " /mnt/x/proc " /mnt/x/proc/self/mountinfo | cut -d" " -f5-6')).toBe(
      '/mnt/x/proc rw,nosuid,nodev,noexec,relatime',
    );
  });

  test('of files and trees are attached, read-only where asked for', async () => {
    const bind = (path: string, target: string, attributes: number, slot: string): Step[] => [
      { op: 'open-tree', path, flags: AT_RECURSIVE, tree: slot },
      { op: 'attach-mount', tree: slot, root: 'root', target, attributes, recursive: 1, create: 1 },
    ];
    const steps = [
      ...bind('/dev/null', '/dev/null', 0, 'null'),
      ...bind('/usr', '/deep/usr', MOUNT_ATTR_RDONLY, 'usr'),
    ];
    const script = 'echo x > /mnt/dev/null; touch /mnt/deep/usr/corral-x 2>&1 | grep -o "Read-only.*"';
    expect(await staged(steps, script)).toBe('Read-only file system');
  });

  test('can be changed later', async () => {
    const steps: Step[] = [
      { op: 'set-mount-attributes', root: 'root', target: '/', set: MOUNT_ATTR_RDONLY, clear: 0, recursive: 1 },
      mkdir('/x'),
      shell('true'),
    ];
    expect((await run([...STAGE, ...steps], { flags })).outcome).toEqual({ kind: 'failed', step: 4, errno: EROFS });
  });

  const NULL: readonly Step[] = [
    { op: 'open-tree', path: '/dev/null', flags: 0, tree: 'null' },
    { op: 'attach-mount', tree: 'null', root: 'root', target: '/null', attributes: 0, recursive: 0, create: 1 },
  ];
  const mask = (path: string, slot = 'null'): Step => ({
    op: 'mask-path',
    root: 'root',
    path,
    null: slot,
  });

  test('mask files, directories, and nothing', async () => {
    const steps = [...NULL, mkdir('/dir'), mkfile('/dir/secret', 'x'), mkfile('/file', 'secret')];
    const masks = [mask('/dir'), mask('/file'), mask('/missing'), mask('/file/below')];
    const script = 'cd /mnt; wc -c < file; ls -A dir | wc -l; stat -c %a dir; touch dir/x 2>&1 | grep -o "Read-only.*"';
    expect(await staged([...steps, ...masks], script)).toBe('0\n0\n555\nRead-only file system');
  });

  test('mask with nothing but /dev/null', async () => {
    const steps = [...STAGE, mkfile('/file', 'x')];
    const wrong: Step[] = [
      { op: 'open-tree', path: '/dev/zero', flags: 0, tree: 'null' },
      { op: 'attach-mount', tree: 'null', root: 'root', target: '/null', attributes: 0, recursive: 0, create: 1 },
      mask('/file'),
      shell('true'),
    ];
    expect((await run([...steps, ...wrong], { flags })).outcome).toMatchObject({ errno: ENODEV });
    const unmasked: Step = { op: 'mask-path', root: 'root', path: '/file', null: undefined };
    const none = [unmasked, shell('true')];
    expect((await run([...steps, ...none], { flags })).outcome).toMatchObject({ errno: EBADF });
  });

  test('make paths read-only', async () => {
    const steps: Step[] = [
      mkdir('/dir'),
      mkfile('/dir/file', 'x'),
      { op: 'read-only-path', root: 'root', path: '/dir' },
      { op: 'read-only-path', root: 'root', path: '/missing' },
    ];
    const script =
      'cat /mnt/dir/file; echo; (echo y > /mnt/dir/file) 2>&1 | grep -o "Read-only.*"; touch /mnt/y && echo ok';
    expect(await staged(steps, script)).toBe('x\nRead-only file system\nok');
  });

  test('pivot-root leaves nothing of the old root', async () => {
    const steps: Step[] = [
      { op: 'open-tree', path: '/', flags: AT_RECURSIVE, tree: 'host' },
      { op: 'attach-mount', tree: 'host', root: 'root', target: '/', attributes: 0, recursive: 0, create: 0 },
      { op: 'open-directory', root: undefined, path: '/mnt', directory: 'new' },
      { op: 'pivot-root', root: 'new' },
      {
        op: 'mount',
        type: 'proc',
        source: '',
        options: [],
        root: undefined,
        target: '/proc',
        attributes: 0,
        create: 0,
      },
    ];
    expect(await staged(steps, 'pwd; head -1 /proc/self/mountinfo | cut -d" " -f5')).toBe('/\n/');
  });
});

describe('what the namespaces hold', () => {
  test('loopback, kernel parameters', async () => {
    const steps: Step[] = [
      { op: 'bring-up-loopback' },
      { op: 'write-sysctl', name: 'net.ipv4.ip_forward', value: '1' },
      { op: 'write-sysctl', name: 'net/ipv4/conf/lo/forwarding', value: '1' },
      PRIVATE,
      {
        op: 'mount',
        type: 'sysfs',
        source: '',
        options: [],
        root: undefined,
        target: '/sys',
        attributes: 0,
        create: 0,
      },
    ];
    const script = 'cat /sys/class/net/lo/flags /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/lo/forwarding';
    const out = await output(steps, script, { flags: CLONE.CLONE_NEWNET | CLONE.CLONE_NEWNS });
    expect(out).toBe('0x9\n1\n1');
  });
});

describe('the process', () => {
  test('limits, session, oom score', async () => {
    const steps: Step[] = [
      { op: 'new-session' },
      { op: 'set-rlimit', resource: RLIMIT.RLIMIT_NOFILE, soft: 100, hard: 200 },
      { op: 'set-oom-score-adj', value: 321 },
    ];
    const script =
      'ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj; test "$(cut -d" " -f6 /proc/$$/stat)" = $$ && echo leader';
    expect(await output(steps, script)).toBe('100\n200\n321\nleader');
  });

  test('streams may be swapped among 0, 1 and 2', async () => {
    const [read, write] = addon.pipe();
    const path = openSync('/etc/hostname', 'r');
    const { outcome } = await run(
      [
        { op: 'set-standard-streams', stdin: 'file', stdout: 'out', stderr: undefined },
        { op: 'open-directory', root: undefined, path: '/', directory: 'unused' },
        { op: 'set-standard-streams', stdin: 'file', stdout: 'out', stderr: 'out' },
        shell('cat'),
      ],
      { fds: { file: path, out: write } },
    );
    closeSync(write);
    closeSync(path);
    expect(outcome.kind).toBe('started');
    expect(readFileSync(read, 'utf8')).toBe(readFileSync('/etc/hostname', 'utf8'));
    closeSync(read);
  });

  test('user, groups, capabilities, no_new_privs', async () => {
    const net = 1n << 10n;
    const steps: Step[] = [
      { op: 'set-bounding-capabilities', keep: net | 1n },
      { op: 'set-user', uid: 1234, gid: 2345, groups: [5, 6], setgroups: 1 },
      { op: 'set-capabilities', effective: net, permitted: net, inheritable: net, ambient: net },
      { op: 'set-no-new-privileges' },
    ];
    const script = 'id -u; id -G; grep -E "^(Cap|NoNew)" /proc/self/status | tr -d "\\t"';
    const hex = (value: bigint): string => value.toString(16).padStart(16, '0');
    expect((await output(steps, script)).split('\n')).toEqual([
      '1234',
      '2345 5 6',
      ...['CapInh', 'CapPrm', 'CapEff'].map((name) => `${name}:${hex(net)}`),
      `CapBnd:${hex(net | 1n)}`,
      `CapAmb:${hex(net)}`,
      'NoNewPrivs:1',
    ]);
  });

  test('gets a signal when its parent dies', async () => {
    const { outcome, result } = await run([{ op: 'set-parent-death-signal', signal: 9 }, shell('exit 0')]);
    expect(outcome.kind).toBe('started');
    expect(result.exitCode).toBe(0);
  });
});

describe('a user namespace', () => {
  const inner = flags | CLONE.CLONE_NEWUSER | CLONE.CLONE_NEWUTS;
  const map = (host: number) => (pid: number) => {
    for (const file of ['uid_map', 'gid_map']) writeFileSync(`/proc/${String(pid)}/${file}`, `0 ${String(host)} 65536`);
  };
  const root: Step = { op: 'set-user', uid: 0, gid: 0, groups: [], setgroups: 1 };

  test.each([0, 100_000])('mapped to %i gives its root all rights in it', async (host) => {
    const steps = [root, ...STAGE, mkdir('/a'), { op: 'set-hostname', name: 'inner' } as const];
    const script = 'id -u; stat -c "%u %g" /mnt/a; hostname; cat /proc/self/setgroups; grep CapEff /proc/self/status';
    const out = await output(steps, script, { flags: inner, prepare: map(host) });
    expect(out.split('\n').slice(0, 4)).toEqual(['0', '0 0', 'inner', 'allow']);
    expect(out).toMatch(/CapEff:\s+000001ffffffffff/);
  });

  test('leaves its user no rights that the plan does not give', async () => {
    const none = { effective: 0, permitted: 0, inheritable: 0, ambient: 0 };
    const steps: Step[] = [root, { ...root, uid: 7, gid: 7 }, { op: 'set-capabilities', ...none }];
    const out = await output(steps, 'grep Cap /proc/self/status', { flags: inner, prepare: map(100_000) });
    expect(out.match(/Cap(Inh|Prm|Eff|Amb):\s+0{16}/g)).toHaveLength(4);
  });
});
