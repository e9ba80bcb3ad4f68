import { describe, expect, test } from 'vitest';
import { CgroupError, CgroupRefusedError } from '../../../src/errors/cgroup-error.js';
import { ContainerError, isContainerError } from '../../../src/errors/container-error.js';
import { LaunchError, LaunchKilledError } from '../../../src/errors/launch-error.js';
import { OptionError } from '../../../src/errors/option-error.js';
import { AlreadyExistsError, NotFoundError, StateError } from '../../../src/errors/state-errors.js';
import { SyscallError } from '../../../src/errors/syscall-error.js';
import { UnsupportedError } from '../../../src/errors/unsupported-error.js';

const cgroup = { action: "write '1G' to memory.max", syscall: 'write', errno: 22, cgroup: '/sys/fs/cgroup/web' };

const ERRORS: readonly (readonly [error: ContainerError, name: string, code: string, message: string])[] = [
  [new ContainerError('it broke', 'ERR_X'), 'ContainerError', 'ERR_X', 'it broke'],
  [
    new SyscallError({ action: 'mount proc on /proc', syscall: 'mount', errno: 1 }),
    'SyscallError',
    'EPERM',
    'mount proc on /proc: EPERM (operation not permitted)',
  ],
  [new CgroupError(cgroup), 'CgroupError', 'EINVAL', "write '1G' to memory.max: EINVAL (invalid argument)"],
  [
    new CgroupRefusedError('kill', '/sys/fs/cgroup', 'it is the root'),
    'CgroupRefusedError',
    'ERR_CGROUP_REFUSED',
    'refuse to kill /sys/fs/cgroup: it is the root',
  ],
  [
    new LaunchError({ action: 'exec sh', errno: 2, stepIndex: 7, op: 'exec' }),
    'LaunchError',
    'ENOENT',
    'exec sh: ENOENT (no such file or directory)',
  ],
  [
    new LaunchKilledError('SIGSYS', 3, 'exec sh'),
    'LaunchKilledError',
    'ERR_LAUNCH_KILLED',
    'killed by SIGSYS during: exec sh',
  ],
  [new LaunchKilledError(undefined, 3, 'exec sh'), 'LaunchKilledError', 'ERR_LAUNCH_KILLED', 'killed during: exec sh'],
  [new OptionError('net', 'x', 'a mode'), 'OptionError', 'ERR_OPTION', 'net: "x" is not a mode'],
  [new NotFoundError('a"b'), 'NotFoundError', 'ERR_NOT_FOUND', 'container "a\\"b" does not exist'],
  [new AlreadyExistsError('web'), 'AlreadyExistsError', 'ERR_ALREADY_EXISTS', 'container "web" already exists'],
  [
    new StateError('exec in', 'web', 'stopped'),
    'StateError',
    'ERR_STATE',
    'cannot exec in "web": container is stopped',
  ],
  [
    new UnsupportedError('memory limit', 'the memory controller'),
    'UnsupportedError',
    'ERR_UNSUPPORTED',
    'memory limit needs the memory controller',
  ],
];

test('what a config.json holds is no reason for an error without end', () => {
  const action = `make directory /${'x'.repeat(70_000)}`;
  expect(new SyscallError({ action, syscall: 'mkdir', errno: 36 }).message).toMatch(
    /^.{4200}…: ENAMETOOLONG [(].*[)]$/,
  );
  expect(new LaunchKilledError('SIGSYS', 3, action).message.length).toBeLessThan(4300);
});

describe.each(ERRORS)('%s', (error, name, code, message) => {
  test(`is a ${name} with code ${code}`, () => {
    expect(error).toMatchObject({ name, code, message });
    expect(isContainerError(error)).toBe(true);
    expect(error).toBeInstanceOf(Error);
  });

  test('has no key without a value', () => {
    expect(Object.keys(error)).not.toContain('name');
    expect(Object.values(error)).not.toContain(undefined);
    expect(error).not.toHaveProperty('cause');
  });

  test('reads well: lower case, no full stop, no undefined', () => {
    expect(error.message).toMatch(/^[a-z].*[^.]$/);
    expect(error.message).not.toContain('undefined');
  });

  test('goes to JSON with its name and message', () => {
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name, code, message });
  });
});

test('hint, id and cause are carried', () => {
  const cause = new Error('below');
  const error = new ContainerError('it broke', 'ERR_X', { hint: 'mend it', id: 'web', cause });
  expect(error).toMatchObject({ hint: 'mend it', id: 'web', cause });
  expect(error.toJSON()).toEqual({
    name: 'ContainerError',
    message: 'it broke',
    code: 'ERR_X',
    hint: 'mend it',
    id: 'web',
  });
});

test('the id of a missing container cannot be overridden by the details', () => {
  expect(new NotFoundError('web', { id: 'other', hint: 'x' })).toMatchObject({ id: 'web', hint: 'x' });
});

test('a failed write to a cgroup names file and value', () => {
  expect(new CgroupError({ ...cgroup, file: 'memory.max', value: '1G' }).toJSON()).toMatchObject({
    cgroup: '/sys/fs/cgroup/web',
    path: '/sys/fs/cgroup/web',
    file: 'memory.max',
    value: '1G',
    syscall: 'write',
    errno: 22,
  });
});

test('a failed step names itself as the system call', () => {
  const error = new LaunchError({ action: 'exec sh', errno: 2, stepIndex: 7, op: 'exec' }, { hint: 'look' });
  expect(error).toMatchObject({ stepIndex: 7, op: 'exec', syscall: 'exec', errno: 2, hint: 'look' });
  expect(error).not.toHaveProperty('path');
});

describe('a corral error is known by its brand', () => {
  test.each([
    [{ [Symbol.for('corral.ContainerError')]: true }, true],
    [new Error('x'), false],
    [null, false],
    [undefined, false],
    ['ERR_X', false],
  ])('%#', (value, known) => {
    expect(isContainerError(value)).toBe(known);
  });
});

describe('an option error shows what was given', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  test.each([
    ['a\0b', '"a\\u0000b"'],
    ['', '""'],
    [undefined, 'undefined'],
    [null, 'null'],
    [NaN, 'NaN'],
    [5n, '5n'],
    [true, 'true'],
    [['a', 1], '["a",1]'],
    [{ source: '/a' }, '{"source":"/a"}'],
    [Symbol('s'), 'Symbol(s)'],
    [{ size: 1n }, '{ size: 1n }'],
    [cycle, '<ref *1> { self: [Circular *1] }'],
  ])('%#', (value, shown) => {
    expect(new OptionError('x', value, 'right').message).toBe(`x: ${shown} is not right`);
  });

  test('a function by its name, not its source', () => {
    const secret = (): number => 42;
    expect(new OptionError('x', secret, 'right').message).toBe('x: [Function: secret] is not right');
  });
});
