import { describe, expect, it, test } from 'vitest';
import { isSlice, scopeName, slicePath } from '../../../../src/cgroup/systemd/names.js';

describe('the name of a scope', () => {
  it.each([
    ['web', 'corral-web.scope'],
    ['a-b_c.d', 'corral-a-b_c.d.scope'],
    ['a+b', String.raw`corral-a\x2bb.scope`],
    ['grün', String.raw`corral-gr\xc3\xbcn.scope`],
  ])('of %s is %s', (id, name) => {
    expect(scopeName(id)).toBe(name);
  });

  it('is no longer than systemd takes it, and still tells containers apart', () => {
    const longest = scopeName('a'.repeat(128));
    expect(longest).toBe(`corral-${'a'.repeat(128)}.scope`);
    const [one, other] = [scopeName('+'.repeat(127) + 'a'), scopeName('+'.repeat(127) + 'b')];
    expect(one).toHaveLength(255);
    expect(one).toMatch(/^corral-(\\x2b)+.*\.[0-9a-f]{16}\.scope$/);
    expect(one).not.toBe(other);
  });
});

test.each(['corral.slice', 'ci-jobs.slice', '-.slice', String.raw`a\x2db.slice`])('%s is a slice', (name) => {
  expect(isSlice(name)).toBe(true);
});

test.each([
  'ci',
  'ci.scope',
  '/ci.slice',
  'a/b.slice',
  '.slice',
  '-a.slice',
  'a-.slice',
  'a--b.slice',
  'a b.slice',
  '',
])('%j is no slice', (name) => {
  expect(isSlice(name)).toBe(false);
});

test.each([
  ['corral.slice', '/corral.slice'],
  ['a-b-c.slice', '/a.slice/a-b.slice/a-b-c.slice'],
  ['-.slice', ''],
])('the cgroup of %s is at %j', (slice, path) => {
  expect(slicePath(slice)).toBe(path);
});
