import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EndingOptions, checkEnding } from '../../../src/container/ending.js';
import { parseStartTime, parseZombieStatus } from '../../../src/container/identity.js';
import { parseWaitStatus } from '../../../src/container/result.js';
import { stateDirectory } from '../../../src/container/store.js';
import { hostOwner } from '../../../src/container/streams.js';
import { OptionError } from '../../../src/errors/option-error.js';

describe('the start time of a process', () => {
  const fields = (name: string, state: string): string =>
    `42 (${name}) ${state} ${Array.from({ length: 48 }, (_, index) => String(index + 4)).join(' ')}`;

  test.each(['sh', 'a b', ') R 1 2 3', '((', '', 'a\nb'])('is found behind any name: %j', (name) => {
    expect(parseStartTime(fields(name, 'S'))).toBe('22');
  });

  test.each(['Z', 'X'])('is that of nobody for the dead: %s', (state) => {
    expect(parseStartTime(fields('sh', state))).toBeUndefined();
  });

  test('is that of no process for what is no stat', () => {
    expect(parseStartTime('')).toBeUndefined();
    expect(parseStartTime('42 (sh) R 1')).toBeUndefined();
  });

  test('of this process is a number of ticks', () => {
    expect(parseStartTime(readFileSync('/proc/self/stat', 'utf8'))).toMatch(/^\d+$/);
  });
});

describe('the wait status of a dead process', () => {
  const stat = (state: string): string =>
    `42 (a) b) ${state} ${Array.from({ length: 49 }, (_, index) => String(index + 4)).join(' ')}\n`;

  test('is there until its parent has taken note', () => {
    expect(parseZombieStatus(stat('Z'), '22')).toBe(52);
    expect(parseZombieStatus(stat('S'), '22')).toBeUndefined();
    expect(parseZombieStatus('', '22')).toBeUndefined();
  });

  test('is not that of another process that has the pid now', () => {
    expect(parseZombieStatus(stat('Z'), '23')).toBeUndefined();
  });
});

describe('a wait status', () => {
  test.each([
    [0x0000, { exitCode: 0, signal: null }],
    [0x0100, { exitCode: 1, signal: null }],
    [0xff00, { exitCode: 255, signal: null }],
    [0x0009, { exitCode: null, signal: 'SIGKILL' }],
    [0x008b, { exitCode: null, signal: 'SIGSEGV' }], // with a core dump
    [0x0022, { exitCode: null, signal: 'SIG34' }],
  ])('%i', (status, exit) => {
    expect(parseWaitStatus(status)).toEqual(exit);
  });

  test('is either an exit or a signal', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.integer({ min: 0, max: 64 }), (code, signal) => {
        const exit = parseWaitStatus(signal === 0 ? code << 8 : signal);
        expect(exit.exitCode === null).not.toBe(exit.signal === null);
        expect(exit.exitCode).toBe(signal === 0 ? code : null);
      }),
    );
  });
});

describe('the directory of the containers', () => {
  test.each([
    ['root', undefined, 0, {}, '/run/corral'],
    ['root, whatever the session says', undefined, 0, { XDG_RUNTIME_DIR: '/run/user/0' }, '/run/corral'],
    ['a user', undefined, 1000, { XDG_RUNTIME_DIR: '/run/user/1000' }, '/run/user/1000/corral'],
    ['a user without a session', undefined, 1000, {}, '/tmp/corral-1000'],
    ['a user with an empty variable', undefined, 1000, { XDG_RUNTIME_DIR: '' }, '/tmp/corral-1000'],
    ['who chose one', '/x', 0, { XDG_RUNTIME_DIR: '/y' }, '/x'],
  ])('of %s', (_, given, uid, env, directory) => {
    expect(stateDirectory(given, uid, env)).toBe(directory);
  });
});

describe('what may end a container', () => {
  test.each<EndingOptions>([
    {},
    { timeout: 0 },
    { timeout: 2 ** 31 - 1, gracePeriod: 0.5 },
    { stopSignal: 'TERM' },
    { stopSignal: '9' },
    { signal: new AbortController().signal },
  ])('%j is right', (options) => {
    expect(() => {
      checkEnding(options);
    }).not.toThrow();
  });

  test.each<[object, string]>([
    [{ timeout: -1 }, 'timeout'],
    [{ timeout: NaN }, 'timeout'],
    [{ timeout: Infinity }, 'timeout'],
    [{ timeout: 2 ** 31 }, 'timeout'],
    [{ timeout: '5' }, 'timeout'],
    [{ gracePeriod: -1 }, 'gracePeriod'],
    [{ gracePeriod: null }, 'gracePeriod'],
    [{ stopSignal: 'SIGNOPE' }, 'stopSignal'],
    [{ stopSignal: '' }, 'stopSignal'],
    [{ signal: 'SIGTERM' }, 'signal'],
    [{ signal: new AbortController() }, 'signal'],
  ])('%j names %s', (options, option) => {
    expect(() => {
      checkEnding(options);
    }).toThrow(expect.objectContaining({ name: 'OptionError', option }));
    expect(() => {
      checkEnding(options);
    }).toThrow(OptionError);
  });
});

describe('the owner of the pipes', () => {
  const ranges = [
    { containerId: 0, hostId: 1000, size: 1 },
    { containerId: 1, hostId: 100000, size: 100 },
  ];
  const maps = { uids: ranges, gids: ranges, setgroups: 'allow', writer: 'direct' } as const;

  test.each([
    [0, 0, { uid: 1000, gid: 1000 }],
    [1, 0, { uid: 100000, gid: 1000 }],
    [100, 100, { uid: 100099, gid: 100099 }],
    [101, 0, undefined],
    [0, 101, undefined],
  ])('%i:%i has the host ids %j', (uid, gid, owner) => {
    expect(hostOwner({ uid, gid }, maps, true)).toEqual(owner);
  });

  test('stays the caller without a map, or without the right to change it', () => {
    expect(hostOwner({ uid: 0, gid: 0 }, undefined, true)).toBeUndefined();
    expect(hostOwner({ uid: 0, gid: 0 }, maps, false)).toBeUndefined();
  });
});
