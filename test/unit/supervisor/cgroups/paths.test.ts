import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Requester } from '../../../../src/supervisor/caller/scope.js';
import { isRoot, mayGiveToGroup, mayRule } from '../../../../src/supervisor/cgroups/authority.js';
import { holds, parseNewPath, parsePath, parsePathBelow, showPath } from '../../../../src/supervisor/cgroups/paths.js';

const refused = expect.objectContaining({ code: 'ERR_OPTION', option: 'path' }) as Error;

describe('a path that a caller gives', () => {
  it('is the names between its slashes', () => {
    expect(parsePath('web/worker 1/ü')).toEqual(['web', 'worker 1', 'ü']);
    expect(parsePath('')).toEqual([]);
    expect(parsePath('...')).toEqual(['...']);
  });

  it.each([
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/..',
    'a/./b',
    '../a',
    'a\0b',
    'a\nb',
    '\ud800',
    7,
    null,
    undefined,
    ['a'],
    'x'.repeat(256),
    'ü'.repeat(128),
    'x/'.repeat(2100),
  ])('is not %j', (path) => {
    expect(() => parsePath(path)).toThrow(refused);
  });

  it('never leads up, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('.', '/', 'a', '\0', '\\', ' ') }), (path) => {
        const names = parseOrNot(path);
        if (names === undefined) return;
        expect(names.join('/')).toBe(path);
        expect(names.some((name) => ['', '.', '..'].includes(name))).toBe(false);
      }),
    );
  });

  it('that is to be changed is not the caller’s own', () => {
    expect(() => parsePathBelow('')).toThrow(refused);
    expect(parsePathBelow('a')).toEqual(['a']);
  });

  it('that is to be made is free, and not too deep', () => {
    const deep = Array.from({ length: 16 }, () => 'd').join('/');
    expect(parseNewPath(deep)).toHaveLength(16);
    expect(parseNewPath('a/supervisor')).toEqual(['a', 'supervisor']);
    expect(parseNewPath('memory')).toEqual(['memory']);
    for (const path of [`${deep}/d`, 'supervisor', 'exec-1', 'exec-1/a', 'memory.max', 'a/cgroup.x', ''])
      expect(() => parseNewPath(path)).toThrow(refused);
  });

  it('holds what is at it and below', () => {
    expect(holds(['a'], 'a')).toBe(true);
    expect(holds(['a'], 'a/b')).toBe(true);
    expect(holds([], 'a')).toBe(true);
    expect(holds(['a'], '')).toBe(false);
    expect(holds(['a'], 'ab')).toBe(false);
    expect([showPath([]), showPath(['a', 'b'])]).toEqual(['your own cgroup', '"a/b"']);
  });
});

describe('who rules what', () => {
  const pids = { name: 'pid:[1]', depth: 2 };
  const map = [{ inside: 0, outside: 100_000, size: 1000 }];
  const user: Requester = { pid: 1, uid: 100_005, gid: 100_006, groups: [100_007], uids: map, gids: map, pids };
  const root = { ...user, uid: 100_000, gid: 100_000, groups: [] };
  const own = { ...user, uids: [{ inside: 0, outside: 100_005, size: 1 }] };
  const rules = (requester: Requester, uid: number, isOwner = false): boolean =>
    mayRule({ uid }, { isOwner, requester });

  it('a user its own, root all of its user namespace, the owner everything', () => {
    expect([100_005, 100_000, 0].map((uid) => rules(user, uid))).toEqual([true, false, false]);
    expect([100_005, 100_000, 0].map((uid) => rules(root, uid))).toEqual([true, true, false]);
    expect([100_005, 100_000, 0].map((uid) => rules(own, uid))).toEqual([true, false, false]);
    expect(rules(user, 0, true)).toBe(true);
    expect([isRoot(user), isRoot(root), isRoot(own)]).toEqual([false, true, true]);
  });

  it('a user gives to its own groups, root to all', () => {
    expect([100_006, 100_007, 100_008].map((gid) => mayGiveToGroup(gid, user))).toEqual([true, true, false]);
    expect(mayGiveToGroup(100_008, root)).toBe(true);
  });
});

function parseOrNot(path: string): readonly string[] | undefined {
  try {
    return parsePath(path);
  } catch {
    return undefined;
  }
}
