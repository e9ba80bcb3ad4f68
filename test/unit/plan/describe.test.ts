import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeStep, shellWord, stepDetail } from '../../../src/plan/describe.js';
import { hintFor } from '../../../src/plan/hints.js';
import { type ArgKind, type Step, type StepName, STEPS } from '../../../src/plan/steps.js';
import { CLONE, RLIM_INFINITY } from '../../../src/util/linux.js';

// What is looked for below is not to come from here.
const text = fc.string().filter((word) => !/undefined|NaN|\[object/.test(word));

const VALUES: Readonly<Record<ArgKind, fc.Arbitrary<unknown>>> = {
  uint: fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
  int: fc.integer(),
  str: text,
  strv: fc.array(text, { maxLength: 3 }),
  ids: fc.array(fc.nat(), { maxLength: 3 }),
  bytes: fc.uint8Array(),
  fd: fc.constantFrom(undefined, 'root', 'stage'),
  out: fc.constant('slot'),
};

function anyStep(op: string, args: Readonly<Record<string, ArgKind>>): fc.Arbitrary<Step> {
  const fields = Object.entries(args).map(([name, kind]) => [name, VALUES[kind]] as const);
  return fc.record({ op: fc.constant(op), ...Object.fromEntries(fields) }) as unknown as fc.Arbitrary<Step>;
}

describe('every step is described, whatever its arguments', () => {
  test.each(Object.entries(STEPS))('%s', (op, { args }) => {
    fc.assert(
      fc.property(anyStep(op, args), (step) => {
        expect(describeStep(step)).toMatch(/^[a-z]+/);
        expect(`${describeStep(step)} ${stepDetail(step)}`).not.toMatch(/undefined|NaN|\[object/);
      }),
      { numRuns: 30 },
    );
  });
});

const USER: Step = { op: 'set-user', uid: 0, gid: 0, groups: [], setgroups: 1 };
const TMPFS: Step = {
  op: 'mount',
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['mode=0755'],
  root: 'root',
  target: '/tmp',
  attributes: 6,
  create: 1,
};
const ATTACH: Step = {
  op: 'attach-mount',
  tree: 'dev-null',
  root: 'root',
  target: '/dev/null',
  attributes: 0,
  recursive: 0,
  create: 1,
};
const RLIMIT: Step = { op: 'set-rlimit', resource: 7, soft: 1024, hard: RLIM_INFINITY };
const TERMINAL: Step = {
  op: 'open-terminal',
  master: undefined,
  root: 'root',
  columns: 80,
  rows: 24,
  uid: 0,
  console: '',
  terminal: 'terminal',
};
const CAPABILITIES: Step = { op: 'set-capabilities', effective: 1n, permitted: 3n, inheritable: 0n, ambient: 0n };

test.each<[Step, string, string]>([
  [{ op: 'unshare', flags: CLONE.CLONE_NEWCGROUP }, 'unshare cgroup namespace', ''],
  [
    { op: 'join-namespaces', namespaces: 'container', flags: CLONE.CLONE_NEWNS | CLONE.CLONE_NEWPID },
    'join mount, pid namespaces',
    '',
  ],
  [{ op: 'set-propagation', path: '/', propagation: 1 << 18 }, 'make the mounts below / private', ''],
  [{ op: 'open-directory', root: 'stage', path: 'root', directory: 'root' }, 'open directory stage:root', ''],
  [{ op: 'change-directory', root: undefined, path: '/srv' }, 'change directory to /srv', ''],
  [TMPFS, 'mount tmpfs on /tmp', 'mode=0755 nosuid,nodev'],
  [{ ...TMPFS, options: [], attributes: 0n }, 'mount tmpfs on /tmp', ''],
  [ATTACH, 'attach dev-null to /dev/null', ''],
  [{ ...ATTACH, tree: undefined, root: 'stage' }, 'attach nothing to stage:/dev/null', ''],
  [{ ...ATTACH, attributes: 1, recursive: 1n }, 'attach dev-null to /dev/null', 'rdonly recursive'],
  [{ op: 'set-mount-attributes', root: 'root', target: '/', set: 1, clear: 0, recursive: 0 }, 'set rdonly on /', ''],
  [{ op: 'make-symlink', root: 'root', path: '/bin', target: 'usr/bin' }, 'make symlink /bin to usr/bin', ''],
  [{ op: 'write-sysctl', name: 'net.x', value: '1\t2' }, 'write "1\\t2" to sysctl net.x', ''],
  [RLIMIT, 'set rlimit nofile to 1024:unlimited', ''],
  [{ ...RLIMIT, resource: 99n, soft: 0n, hard: 5 }, 'set rlimit 99 to 0:5', ''],
  [{ op: 'set-umask', mask: 0o22 }, 'set umask 0022', ''],
  [{ op: 'set-parent-death-signal', signal: 9n }, 'set parent-death signal SIGKILL', ''],
  [{ op: 'find-executable', file: 'ls', path: '/bin' }, 'find executable ls', 'in /bin'],
  [USER, 'set user 0:0', ''],
  [{ ...USER, uid: 5, gid: 6, groups: [7, 8] }, 'set user 5:6 with groups 7,8', ''],
  [{ op: 'set-bounding-capabilities', keep: 255n }, 'set bounding capabilities 0xff', ''],
  [CAPABILITIES, 'set capabilities 0x1', 'permitted 0x3 inheritable 0x0 ambient 0x0'],
  [{ op: 'close-descriptors', first: 3 }, 'close descriptors from 3 on', ''],
  [{ op: 'exec', argv: ['sh', '-c', "it's"], environment: ['SECRET=x'] }, 'exec sh', "-c 'it'\\''s'"],
  [{ op: 'exec', argv: [], environment: [] }, 'exec ', ''],
  [
    { op: 'set-seccomp', profile: '', flags: 0, program: new Uint8Array() },
    'load the seccomp filter',
    'sha256:e3b0c44298fc',
  ],
  [{ op: 'move-root', root: 'root', cleared: [] }, 'move root to /', ''],
  [{ op: 'move-root', root: 'root', cleared: ['/sys', '/proc'] }, 'move root to /, clear /sys, /proc', ''],
  [{ op: 'serve-files', socket: 'files' }, 'serve files', ''],
  [TERMINAL, 'open terminal', '80x24 owner 0'],
  [{ ...TERMINAL, console: '/dev/console' }, 'open terminal', '80x24 owner 0 /dev/console'],
  [{ ...TERMINAL, master: 'master' }, 'open terminal', '80x24 owner 0 of master'],
  [{ op: 'open-master', root: 'root', master: 'master' }, 'open the master of the terminal', ''],
  [{ op: 'keep-descriptor', descriptor: 'master', number: 2 }, 'keep master in the init as descriptor 2', ''],
  [{ op: 'keep-descriptor', descriptor: undefined, number: 3 }, 'keep nothing in the init as descriptor 3', ''],
])('step %# reads well', (step, words, detail) => {
  expect(describeStep(step)).toBe(words);
  expect(stepDetail(step)).toBe(detail);
});

test('no description shows the environment', () => {
  const step: Step = { op: 'exec', argv: ['env'], environment: ['TOKEN=hunter2'] };
  expect(describeStep(step) + stepDetail(step)).not.toContain('hunter2');
});

describe('a word of a shell', () => {
  test.each([
    ['a', 'a'],
    ['/bin/sh', '/bin/sh'],
    ['--x=1,2:3@%+', '--x=1,2:3@%+'],
    ['', "''"],
    ['a b', "'a b'"],
    ["'", "''\\'''"],
    ['$HOME', "'$HOME'"],
    ['a\nb', "'a\nb'"],
    ['~', "'~'"],
    ['é', "'é'"],
  ])('%j is %s', (word, written) => {
    expect(shellWord(word)).toBe(written);
  });

  test('means what it was', () => {
    // What sh does: quoted parts as they are, a backslash takes the next character as it is.
    const read = (text: string): string =>
      text.replaceAll(/'([^']*)'|\\(.)|([^'\\]+)/gs, (_, quoted?: string, escaped?: string, plain?: string) => {
        return quoted ?? escaped ?? plain ?? '';
      });
    fc.assert(fc.property(fc.string(), (word) => read(shellWord(word)) === word));
  });
});

describe('a hint', () => {
  test.each<[Step, string, string | undefined]>([
    [{ op: 'exec', argv: ['x'], environment: [] }, 'ENOENT', 'the program, or the interpreter'],
    [{ op: 'exec', argv: ['x'], environment: [] }, 'ENOEXEC', 'not a program for this machine'],
    [{ op: 'exec', argv: ['x'], environment: [] }, 'EIO', undefined],
    [{ op: 'find-executable', file: 'x', path: '' }, 'ENOENT', 'PATH'],
    [{ op: 'find-executable', file: './x', path: '' }, 'ENOENT', 'no such file in the container'],
    [{ op: 'change-directory', root: undefined, path: '/x' }, 'ENOENT', 'working directory does not exist'],
    [USER, 'EINVAL', 'not mapped'],
    [RLIMIT, 'EPERM', 'CAP_SYS_RESOURCE'],
    [{ op: 'unshare', flags: 0 }, 'ENOSPC', 'max_cgroup_namespaces'],
    [{ ...TMPFS, type: 'proc' }, 'EPERM', 'a new proc needs a pid namespace'],
    [{ ...TMPFS, type: 'sysfs' }, 'EPERM', 'a new sysfs'],
    [{ ...TMPFS, type: 'overlay' }, 'EINVAL', 'refuses these layers'],
    [{ ...TMPFS, type: 'overlay' }, 'ENODEV', 'is its module loaded?'],
    [{ ...TMPFS, type: 'cgroup2' }, 'EPERM', 'cgroup namespace'],
    [TMPFS, 'EPERM', undefined],
    [TMPFS, 'ENOSPC', 'mount-max'],
    [ATTACH, 'ELOOP', 'leads nowhere'],
    [{ op: 'pivot-root', root: 'root' }, 'EINVAL', undefined],
  ])('%# for a failed step', (step, errno, words) => {
    const hint = hintFor(step, errno);
    if (words === undefined) expect(hint).toBeUndefined();
    else expect(hint).toContain(words);
  });

  test.each(Object.keys(STEPS) as StepName[])('%s has none for an errno that nobody knows', (op) => {
    expect(hintFor({ op } as unknown as Step, 'EWHAT')).toBeUndefined();
  });
});
