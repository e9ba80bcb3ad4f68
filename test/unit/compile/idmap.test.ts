import { describe, expect, test } from 'vitest';
import { mountOf, mountsBelow, whyNotIdmapped } from '../../../src/compile/idmap.js';
import { isWithin, kernelAtLeast } from '../../../src/compile/questions.js';
import type { KernelVersion } from '../../../src/host/facts.js';
import { hostFacts, mount } from '../../helpers/facts.js';

describe('an idmapped mount', () => {
  const why = (type: string, kernel: KernelVersion, overlay = false): string | undefined =>
    whyNotIdmapped(hostFacts({ kernel, mounts: [mount('/', type)] }), '/x', { recursive: false, overlay });

  test.each<[string, KernelVersion, KernelVersion]>([
    ['ext4', [5, 12], [5, 11]],
    ['xfs', [5, 12], [4, 99]],
    ['btrfs', [5, 15], [5, 14]],
    ['tmpfs', [6, 3], [6, 2]],
    ['squashfs', [6, 2], [5, 99]],
  ])('of %s is possible since %j, not with %j', (type, since, before) => {
    expect(why(type, since)).toBeUndefined();
    expect(why(type, [since[0] + 1, 0])).toBeUndefined();
    expect(why(type, before)).toMatch(new RegExp(`^/ is on ${type}, which cannot be idmapped here$`));
  });

  test.each(['overlay', '9p', 'nfs', 'fuse.sshfs', 'hostfs', ''])('of %j never is', (type) => {
    expect(why(type, [99, 0])).toContain('cannot be idmapped here');
  });

  test('as an overlay’s layer needs Linux 5.19', () => {
    expect(why('ext4', [5, 18], true)).toBe('an overlay of idmapped layers needs Linux 5.19');
    expect(why('ext4', [5, 19], true)).toBeUndefined();
  });

  test('is not tried again on a file system that has refused', () => {
    const facts = hostFacts({ unmappable: ['ext4'] });
    expect(whyNotIdmapped(facts, '/', { recursive: false, overlay: false })).toContain('/ is on ext4');
  });

  test('of a whole tree fails with any mount in it, named', () => {
    const facts = hostFacts({ mounts: [mount('/', 'ext4'), mount('/srv', 'ext4'), mount('/srv/nfs', 'nfs')] });
    expect(whyNotIdmapped(facts, '/srv', { recursive: true, overlay: false })).toContain('/srv/nfs is on nfs');
    expect(whyNotIdmapped(facts, '/srv', { recursive: false, overlay: false })).toBeUndefined();
  });

  test('where nothing is known to be mounted is left to the kernel', () => {
    expect(whyNotIdmapped(hostFacts({ mounts: [] }), '/', { recursive: true, overlay: false })).toBeUndefined();
  });
});

test('the mount of a path is the deepest, and of several on one target the last', () => {
  const facts = hostFacts({ mounts: [mount('/', 'a'), mount('/srv', 'b'), mount('/srv', 'c'), mount('/srv2', 'd')] });
  expect(mountOf(facts, '/srv/x')?.type).toBe('c');
  expect(mountOf(facts, '/srv')?.type).toBe('c');
  expect(mountOf(facts, '/srv2')?.type).toBe('d');
  expect(mountOf(facts, '/srv22')?.type).toBe('a');
});

test('mounts below a path do not include its own', () => {
  const facts = hostFacts({ mounts: [mount('/', 'a'), mount('/srv', 'b'), mount('/srv/x', 'c'), mount('/srvx', 'd')] });
  expect(mountsBelow(facts, '/srv').map(({ target }) => target)).toEqual(['/srv/x']);
  expect(mountsBelow(facts, '/')).toHaveLength(3);
});

test.each([
  ['/a', '/a', true],
  ['/a/b', '/a', true],
  ['/ab', '/a', false],
  ['/', '/a', false],
  ['/a', '/', true],
  ['/', '/', true],
])('%s is within %s: %s', (path, ancestor, within) => {
  expect(isWithin(path, ancestor)).toBe(within);
});

test.each<[KernelVersion, KernelVersion, boolean]>([
  [[5, 12], [5, 12], true],
  [[5, 11], [5, 12], false],
  [[6, 0], [5, 12], true],
  [[4, 99], [5, 0], false],
])('Linux %j is at least %j: %s', (kernel, version, enough) => {
  expect(kernelAtLeast(hostFacts({ kernel }), version)).toBe(enough);
});
