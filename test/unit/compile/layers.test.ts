import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Layer, mountLayer } from '../../../src/compile/layers.js';
import { sortMountOptions } from '../../../src/compile/mount-options.js';
import { encodePlan } from '../../../src/plan/encode.js';
import { MOUNT_ATTR } from '../../../src/util/linux.js';

const LAYER: Layer = { name: 'layer.0', target: '/', lower: 'host.0', hidden: [] };
const steps = (layer: Partial<Layer>, userns = true) => mountLayer({ ...LAYER, ...layer }, 'stage', 'root', userns);
const options = (layer: Partial<Layer>, userns = true): readonly string[] => {
  const last = steps(layer, userns).at(-1);
  return last?.op === 'mount' ? last.options : [];
};

describe('a layer on an overlay', () => {
  test('says by its name that it is the last', () => {
    const source = (last: boolean) => {
      const step = steps({ last }).at(-1);
      return step?.op === 'mount' ? step.source : undefined;
    };
    expect([source(false), source(true)]).toEqual(['overlay', 'overlay-on-overlay']);
  });
});

describe('a layer', () => {
  test('that hides nothing is the host’s directory below an empty one', () => {
    expect(steps({})).toEqual([
      { op: 'make-directory', root: 'stage', path: 'layer.0.upper', mode: 0o755 },
      { op: 'make-directory', root: 'stage', path: 'layer.0.work', mode: 0o755 },
      {
        op: 'mount',
        type: 'overlay',
        source: 'overlay',
        options: ['lowerdir=host.0', 'upperdir=layer.0.upper', 'workdir=layer.0.work', 'userxattr'],
        root: 'stage',
        target: 'root',
        attributes: MOUNT_ATTR.MOUNT_ATTR_NODEV,
        create: 1,
      },
    ]);
  });

  test('keeps its marks in user.* attributes only in a user namespace', () => {
    expect(options({}, true)).toContain('userxattr');
    expect(options({}, false)).not.toContain('userxattr');
  });

  test('hides a directory by a whiteout below an empty stand-in', () => {
    const made = steps({ hidden: [{ path: '/etc/ssl/private', kind: 'directory', mode: 0o700 }] });
    expect(made).toContainEqual({
      op: 'make-node',
      root: 'stage',
      path: 'layer.0.hide/etc/ssl/private',
      mode: 0o020000,
      device: 0,
    });
    expect(made).toContainEqual({
      op: 'make-directory',
      root: 'stage',
      path: 'layer.0.cover/etc/ssl/private',
      mode: 0o700,
    });
    expect(made.at(-1)).toMatchObject({
      options: expect.arrayContaining(['lowerdir=layer.0.cover:layer.0.hide:host.0']) as unknown,
    });
  });

  test('hides a file by an empty one, which needs no whiteout', () => {
    const made = steps({ target: '/etc', hidden: [{ path: '/etc/shadow', kind: 'file', mode: 0o640 }] });
    expect(made).toContainEqual({
      op: 'make-file',
      root: 'stage',
      path: 'layer.0.cover/shadow',
      mode: 0o640,
      content: '',
    });
    expect(made.map(({ op }) => op)).not.toContain('make-node');
    expect(made.at(-1)).toMatchObject({
      options: expect.arrayContaining(['lowerdir=layer.0.cover:host.0']) as unknown,
    });
  });

  test('shows generated files instead of the host’s', () => {
    expect(steps({ files: { '/etc/hostname': 'web\n' } })).toContainEqual({
      op: 'make-file',
      root: 'stage',
      path: 'layer.0.cover/etc/hostname',
      mode: 0o644,
      content: 'web\n',
    });
    expect(options({ files: {} })).toContain('lowerdir=host.0');
  });

  test('cannot hide what lies elsewhere', () => {
    const hidden = [{ path: '/etcetera', kind: 'file', mode: 0 }] as const;
    expect(() => steps({ target: '/etc', hidden })).toThrow('/etcetera is not below /etc');
  });

  test('escapes what overlayfs would split or unescape, in all three directories', () => {
    expect(options({ name: 'a:b\\c', lower: '/x:y\\z', files: { '/f': '' } })).toEqual([
      'lowerdir=a\\:b\\\\c.cover:/x\\:y\\\\z',
      'upperdir=a\\:b\\\\c.upper',
      'workdir=a\\:b\\\\c.work',
      'userxattr',
    ]);
  });

  test('names its lower directory so that overlayfs reads it back', () => {
    const split = (text: string): readonly string[] =>
      [...text.matchAll(/(?:^|:)((?:\\.|[^\\:])*)/gs)].map(([, part]) => part!.replaceAll(/\\(.)/gs, '$1'));
    const path = fc.string({ minLength: 1 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(path, path, (name, lower) => {
        const [lowerdir, upperdir] = options({ name, lower, files: { '/f': '' } });
        expect(split(lowerdir!.slice('lowerdir='.length))).toEqual([`${name}.cover`, lower]);
        expect(split(upperdir!.slice('upperdir='.length))).toEqual([`${name}.upper`]);
      }),
    );
  });

  test('can be encoded', () => {
    const exec = { op: 'exec', argv: ['true'], environment: [] } as const;
    const hidden = [{ path: '/root', kind: 'directory', mode: 0o700 }] as const;
    expect(() => encodePlan({ fds: ['report', 'stage'], steps: [...steps({ hidden }), exec] })).not.toThrow();
  });
});

describe('mount options', () => {
  const { MOUNT_ATTR_RDONLY: RO, MOUNT_ATTR_NOSUID: NOSUID, MOUNT_ATTR_NOEXEC: NOEXEC } = MOUNT_ATTR;
  test.each<[readonly string[], number, boolean, readonly string[]]>([
    [[], 0, false, []],
    [['ro', 'nosuid'], RO | NOSUID, false, []],
    [['bind'], 0, false, []],
    [['rbind', 'ro'], RO, true, []],
    [['mode=0755', 'size=1k', 'newinstance'], 0, false, ['mode=0755', 'size=1k', 'newinstance']],
    [['ro', 'rw'], 0, false, []],
    [['rw', 'ro'], RO, false, []],
    [['noexec', 'exec', 'nosuid'], NOSUID, false, []],
    [['exec', 'noexec'], NOEXEC, false, []],
    [['defaults', 'suid', 'dev', 'exec', 'atime', 'relatime', 'diratime'], 0, false, []],
    [['noatime', 'relatime'], 0, false, []],
    [['strictatime', 'nodiratime'], 0xa0, false, []],
  ])('%j', (words, attributes, recursive, data) => {
    expect(sortMountOptions(words)).toEqual({ attributes, recursive, data });
  });
});
