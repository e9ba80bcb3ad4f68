import { describe, expect, test } from 'vitest';
import { formatPlan } from '../../../../src/plan/format.js';
import type { Linux } from '../../../../src/spec/types.js';
import { MAPS, USER, type Wish, bindOf, mountOf, planOf, stepsOf } from '../../../helpers/engine-plan.js';
import { plainFacts } from '../../../helpers/facts.js';

describe('a bind mount', () => {
  const changes = (options: readonly string[], linux: Partial<Linux> = {}): string[] =>
    formatPlan(planOf({ mounts: [bindOf('/a', '/b', options)], linux }))
      .split('\n')
      .filter((line) => line.includes('change mount.0'))
      .map((line) => line.replace(/.*mount\.0: /, ''));

  test.each([
    [['rbind'], ['slave recursive']],
    [
      ['bind', 'ro', 'rro', 'noatime'],
      ['slave recursive', 'rdonly,noatime', 'rdonly recursive'],
    ],
    [
      ['rbind', 'rprivate', 'rw'],
      ['not rdonly', 'private recursive'],
    ],
    [
      ['rbind', 'private', 'exec', 'atime'],
      ['slave recursive', 'not noexec,noatime', 'private'],
    ],
    [
      ['rbind', 'rshared'],
      ['slave recursive', 'shared recursive'],
    ],
  ])('with %j', (options, words) => {
    expect(changes(options)).toEqual(words);
  });

  test('is what the root is by default', () => {
    expect(changes(['rbind'], { rootfsPropagation: 'private' })).toEqual(['private recursive']);
    expect(changes(['rbind', 'rshared'], { rootfsPropagation: 'shared' })).toEqual(['shared recursive']);
  });

  test('may be mapped', () => {
    const trees = (wish: Wish): unknown => planOf(wish).fds.find(({ slot }) => slot === 'mount.0');
    const own = { ...bindOf('/a', '/b', ['bind']), ...MAPS };
    const range = [{ containerId: 0, hostId: 1000, size: 10 }];
    expect(trees({ mounts: [own] })).toMatchObject({ mapping: { recursive: false, by: { uids: range, gids: range } } });
    const container = [bindOf('/a', '/b', ['rbind', 'ridmap'])];
    expect(trees({ mounts: container, namespaces: USER, linux: MAPS })).toMatchObject({
      mapping: { recursive: true, by: 'container' },
    });
    const joined = [{ type: 'user', path: '/run/ns/user' }, { type: 'mount' }] as const;
    const plan = planOf({ mounts: container, namespaces: joined, linux: MAPS });
    expect(formatPlan(plan)).toContain('idmapped with its submounts by /run/ns/user');
    const one = formatPlan(planOf({ mounts: [bindOf('/a', '/b', ['bind', 'idmap'])], namespaces: USER, linux: MAPS }));
    expect(one).toContain('clone mount /a as mount.0 (idmapped)');
  });

  test.each<[string, Wish]>([
    ['/mounts/0/options', { mounts: [bindOf('/a', '/b', ['bind', 'idmap'])] }],
    ['/mounts/0/gidMappings', { mounts: [{ ...bindOf('/a', '/b'), uidMappings: MAPS.uidMappings }] }],
    ['/mounts/0/uidMappings', { mounts: [{ ...bindOf('/a', '/b'), ...MAPS, uidMappings: [] }] }],
    ['/mounts/0/options', { mounts: [{ ...mountOf('/b', 'tmpfs'), uidMappings: MAPS.uidMappings }] }],
    ['/mounts/0/options', { mounts: [{ ...bindOf('/a', '/b'), ...MAPS }], namespaces: USER, facts: plainFacts() }],
  ])('cannot be mapped: %s', (pointer, wish) => {
    expect(() => planOf(wish)).toThrow(expect.objectContaining({ pointer }));
  });

  test('of type bind is one, whatever its options say', () => {
    expect(planOf({ mounts: [{ ...bindOf('/a', '/b', []), type: 'bind' }] }).fds).toContainEqual(
      expect.objectContaining({ slot: 'mount.0', path: '/a', recursive: false }),
    );
  });

  test('that is there already is changed', () => {
    const remount = (options: readonly string[]): unknown[] =>
      stepsOf({ mounts: [mountOf('/a', 'none', ['remount', ...options])] }, 'remount', 'set-mount-attributes');
    expect(remount(['bind', 'ro'])).toMatchObject([{ op: 'set-mount-attributes', target: '/a', set: 1, recursive: 0 }]);
    expect(remount(['bind', 'rro'])).toMatchObject([{ set: 1, recursive: 1 }]);
    expect(remount(['ro', 'size=1m'])).toMatchObject([{ op: 'remount', target: '/a', flags: 33, data: 'size=1m' }]);
    expect(() => planOf({ mounts: [mountOf('a', 'none', ['remount'])] })).toThrow('/mounts/0/destination');
  });
});

describe('a file system', () => {
  test('has the words of mount(2)', () => {
    const one = mountOf('/a/', 'ext4', ['ro', 'nosuid', 'errors=continue', 'acl', 'rnodev', 'shared']);
    expect(formatPlan(planOf({ mounts: [one] }))).toMatch(
      /make ext4 as mount\.0 {2}\[ext4 rdonly,nosuid errors=continue,acl\]\n.*change mount\.0: nodev recursive\n.*change mount\.0: shared\n.*place mount\.0 on \/a\n/,
    );
  });

  test.each([
    ['tmpfs', ['ro']],
    ['tmpfs', ['rro']],
  ])('of type %s with %j is read-only once all is in it', (type, options) => {
    const text = formatPlan(planOf({ mounts: [mountOf('/a', type, options)] }));
    expect(text).toMatch(/make tmpfs as mount\.0 {2}\[tmpfs\]\n/);
    expect(text).toMatch(/make symlink[^]*change mount\.0: rdonly\n.*pivot root/);
  });

  test('may begin with what it covers, and only a tmpfs', () => {
    const copying = (type: string): unknown[] =>
      stepsOf({ mounts: [mountOf('/a', type, ['tmpcopyup'])] }, 'make-mount', 'copy-up', 'place-mount').slice(-3);
    expect(copying('tmpfs')).toMatchObject([{ target: '/a' }, { op: 'copy-up', path: '/a' }, { op: 'place-mount' }]);
    expect(() => copying('ext4')).toThrow('/mounts/0/options');
  });

  test('with more options than mount(2) takes is refused', () => {
    expect(() => planOf({ mounts: [mountOf('/a', 'overlay', [`lowerdir=${'/l:'.repeat(2000)}`])] })).toThrow(
      'at most 4095 bytes',
    );
  });
});
