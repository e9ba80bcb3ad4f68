import { describe, expect, test } from 'vitest';
import { DEFAULT_CAPABILITIES } from '../../../src/spec/defaults.js';
import { type ProcessOverrides, toExecProcess } from '../../../src/spec/exec.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import type { Process } from '../../../src/spec/types.js';
import { specOf } from '../../helpers/facts.js';

const database = { passwd: 'root:x:0:0::/root:\nann:x:1000:1000::/home/ann:\n', group: 'wheel:x:10:ann\n' };

function exec(overrides: ProcessOverrides, options: ContainerOptions = {}): Process {
  const around = { env: { SECRET: 'token' }, database: () => database };
  return toExecProcess(['ls'], specOf({ cwd: '/srv', ...options }).process, overrides, around);
}

test('an exec is like the main process, but for its command', () => {
  expect(exec({}, { umask: 0o077, ulimits: ['core=0'] })).toEqual({
    ...specOf({ cwd: '/srv', umask: 0o077, ulimits: ['core=0'] }).process,
    args: ['ls'],
  });
});

test('another user has another home, unless the caller says otherwise', () => {
  expect(exec({ user: 'ann' }).env).toContain('HOME=/home/ann');
  expect(exec({ user: 'ann', env: { HOME: '/x' } }).env).toContain('HOME=/x');
  expect(exec({}).env).toContain('HOME=/root');
  expect(exec({ user: 'ann' }).user).not.toHaveProperty('home');
});

test('the user database is read only when a user is named', () => {
  const around = {
    env: {},
    database: (): never => {
      throw new Error('read');
    },
  };
  const base = specOf().process;
  expect(() => toExecProcess(['ls'], base, {}, around)).not.toThrow();
  expect(() => toExecProcess(['ls'], base, { user: '0' }, around)).toThrow('read');
});

test('a command must be one', () => {
  const around = { env: {}, database: () => database };
  expect(() => toExecProcess([], specOf().process, {}, around)).toThrow(/^command: /);
});

test('variables are laid over the container’s', () => {
  expect(
    exec({ env: { TERM: 'dumb', NEW: 'a=b', SECRET: undefined, MISSING: undefined, HOME: undefined } }).env,
  ).toEqual(['PATH=/bin', 'HOSTNAME=web', 'container=corral', 'TERM=dumb', 'NEW=a=b', 'SECRET=token']);
  expect(() => exec({ env: { 'A=': '' } })).toThrow(/^env: /);
});

test('a terminal is its own, and TERM then is its caller’s', () => {
  const main: ContainerOptions = { terminal: { columns: 10, rows: 10 }, env: { TERM: 'main' } };
  expect(exec({}, main)).not.toHaveProperty('terminal');
  expect(exec({}, main)).not.toHaveProperty('consoleSize');
  expect(exec({}, main).env).toContain('TERM=main');
  const own = exec({ terminal: { columns: 90, rows: 30 } }, main);
  expect(own).toMatchObject({ terminal: true, consoleSize: { height: 30, width: 90 } });
  expect(own.env.filter((entry) => entry.startsWith('TERM='))).toEqual(['TERM=xterm']);
  expect(exec({ terminal: true, env: { TERM: 'vt100' } }).env).toContain('TERM=vt100');
  expect(() => exec({ terminal: { columns: 0, rows: 1 } })).toThrow(/^terminal.columns: /);
});

test.each([
  ['/', '/'],
  ['/x/..', '/'],
  ['/a//b', '/a/b'],
])('cwd %s is %s', (cwd, path) => {
  expect(exec({ cwd }).cwd).toBe(path);
});

test.each(['', 'a', '../a', '/a\0'])('cwd %j is none', (cwd) => {
  expect(() => exec({ cwd })).toThrow(/^cwd: /);
});

test('another user is looked up in the container, and keeps the umask', () => {
  expect(exec({ user: 'ann', groups: ['5'] }, { umask: 0o077 }).user).toMatchObject({
    uid: 1000,
    gid: 1000,
    additionalGids: [10, 5],
    umask: 0o077,
  });
  expect(() => exec({ user: 'bob' })).toThrow(/^user: /);
});

test('groups without a user are refused', () => {
  expect(() => exec({ groups: ['5'] })).toThrow('groups: ["5"] is not possible without user');
  expect(exec({ groups: [] }).user).toEqual(specOf().process.user);
});

describe('capabilities', () => {
  test('are those of the container for the same user, by whatever name', () => {
    const base = specOf({ capAdd: ['NET_ADMIN'] }).process.capabilities;
    expect(exec({ user: 'root' }, { capAdd: ['NET_ADMIN'] }).capabilities).toEqual(base);
  });

  test('that were taken from the container are not given back to its root', () => {
    expect(exec({ user: '0' }, { user: 'ann', capDrop: ['ALL'] }).capabilities).toMatchObject({
      bounding: [],
      effective: [],
    });
    expect(exec({ user: '0' }, { user: 'ann', capDrop: ['SETUID'] }).capabilities.effective).not.toContain(
      'CAP_SETUID',
    );
    expect(exec({ capAdd: ['SYS_TIME'] }, { capDrop: ['ALL'] }).capabilities.effective).toEqual(['CAP_SYS_TIME']);
  });

  test('of root shrink to none for another user, bound as before', () => {
    const { effective, bounding } = exec({ user: 'ann' }).capabilities;
    expect(effective).toEqual([]);
    expect([...bounding].sort()).toEqual([...DEFAULT_CAPABILITIES].sort());
  });

  test('can be dropped for the same user', () => {
    expect(exec({ capDrop: ['ALL'] }).capabilities).toMatchObject({ bounding: [], effective: [] });
  });
});
