import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import {
  containerDirectory,
  containerPath,
  hostPath,
  parseTmpfs,
  parseVolume,
} from '../../../../src/spec/parse/mounts.js';

const resolve = (path: string): string => (path.startsWith('/') ? path : `/work/${path}`);
const volume = (value: Parameters<typeof parseVolume>[0]) => parseVolume(value, 'volumes[0]', resolve);
const tmpfs = (text: string) => parseTmpfs(text, 'tmpfs[0]');

describe('a volume', () => {
  test.each([
    ['/a:/b', '/a', '/b', false],
    ['/a:/b:ro', '/a', '/b', true],
    ['/a:/b:rw', '/a', '/b', false],
    ['data:/b', '/work/data', '/b', false],
    ['.:/b', '/work/.', '/b', false],
    ['/a:/b/../c', '/a', '/c', false],
    ['/a:/../../c', '/a', '/c', false],
    ['/a://b///c/.', '/a', '/b/c', false],
    ['/a:/b c', '/a', '/b c', false],
  ])('%s', (text, source, destination, readOnly) => {
    expect(volume(text)).toEqual({
      destination,
      type: 'bind',
      source,
      options: ['rbind', 'nosuid', 'nodev', ...(readOnly ? ['ro'] : [])],
    });
  });

  test('given by its parts may hold colons', () => {
    expect(volume({ source: '/a:b', target: '/c:d' })).toMatchObject({ source: '/a:b', destination: '/c:d' });
    expect(volume({ source: '/a', target: '/c', readOnly: true }).options).toContain('ro');
    expect(volume({ source: '/a', target: '/c', readOnly: false }).options).not.toContain('ro');
  });

  test.each([
    '',
    ':',
    'a',
    '/a',
    ':/x',
    '/x:',
    '/x::ro',
    '/a:b',
    '/a:../b',
    '/a:/',
    '/a:/..',
    '/a:/b/..',
    '/a:/b:',
    '/a:/b:RO',
    '/a:/b:ro:',
    '/a:/b:/c:/d',
    '/a:/b:ro,z',
    '/a\0b:/b',
    '/a:/b\0c',
  ])('%j is none', (text) => {
    expect(() => volume(text)).toThrow(OptionError);
    expect(() => volume(text)).toThrow(/^volumes\[0\]: ".*" is not /);
  });

  test.each([
    { source: '', target: '/b' },
    { source: '/a', target: '' },
    { source: '/a', target: 'b' },
    { source: '\0', target: '/b' },
  ])('%j is none', (value) => {
    expect(() => volume(value)).toThrow(OptionError);
  });

  test('of an unknown mode says which words there are', () => {
    expect(() => volume('/a:/b:readonly')).toThrow(
      expect.objectContaining({ hint: '"readonly" is neither ro nor rw' }),
    );
  });

  test('reads back from its text', () => {
    const segment = fc.stringMatching(/^[a-z0-9_. -]{0,5}[a-z]$/);
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(path, path, fc.boolean(), (source, target, readOnly) => {
        expect(volume(`${source}:${target}${readOnly ? ':ro' : ''}`)).toEqual(volume({ source, target, readOnly }));
      }),
    );
  });

  test('of any text at all is a mount or an OptionError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', ':', '.', 'a', 'ro', '\0', ' ') }), (text) => {
        try {
          const { destination } = volume(text);
          expect(destination).toMatch(/^(\/[^/\0]+)+$/);
          expect(destination.split('/')).not.toContain('..');
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError);
        }
      }),
    );
  });
});

describe('a tmpfs', () => {
  test.each([
    ['/s', ['mode=1777', 'noexec']],
    ['/s:size=64m', ['mode=1777', 'noexec', 'size=67108864']],
    ['/s:mode=0700,exec', ['mode=0700', 'exec']],
    ['/s:ro,noexec', ['mode=1777', 'noexec', 'ro']],
    ['/s:exec,noexec', ['mode=1777', 'noexec']],
    ['/s:size=1k,size=2k', ['mode=1777', 'noexec', 'size=2048']],
    ['/s:mode=755', ['mode=755', 'noexec']],
  ])('%s has the options %j', (text, options) => {
    expect(tmpfs(text)).toEqual({
      destination: '/s',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'nodev', ...options],
    });
  });

  test.each([
    '',
    ':',
    's',
    '/',
    '/..',
    '/s:',
    '/s:size',
    '/s:size=',
    '/s:size=0',
    '/s:size=-1',
    '/s:size=50%',
    '/s:size=1m=2',
    '/s:size=1e3',
    '/s:mode',
    '/s:mode=',
    '/s:mode=9',
    '/s:mode=888',
    '/s:mode=77777',
    '/s:mode=0755=x',
    '/s:exec=1',
    '/s:ro,',
    '/s:suid',
    '/s:dev',
    '/s:uid=0',
    '/s:size=1m:ro',
    '/s\0',
  ])('%j is none', (text) => {
    expect(() => tmpfs(text)).toThrow(OptionError);
  });
});

describe('a path in the container', () => {
  test.each([
    ['/a', '/a'],
    ['//a//b/', '/a/b'],
    ['/a/./b/../c', '/a/c'],
    ['/../a', '/a'],
    ['/a/..b', '/a/..b'],
    ['/...', '/...'],
  ])('%s is %s', (path, plain) => {
    expect(containerPath(path, 'x', path)).toBe(plain);
  });

  test.each(['', 'a', './a', '../a', '~', '/', '//', '/.', '/a/..', '/\0'])('%j is none below /', (path) => {
    expect(() => containerPath(path, 'x', path)).toThrow(OptionError);
  });

  test.each(['/', '//', '/.', '/..', '/a/..'])('that is a directory may be / itself: %s', (path) => {
    expect(containerDirectory(path, 'x', path)).toBe('/');
  });

  test('never leads above / and is plain already when it comes out', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '.', '..', 'a') }), (text) => {
        const path = containerDirectory(`/${text}`, 'x', text);
        expect(containerDirectory(path, 'x', text)).toBe(path);
        expect(path.split('/').slice(1)).not.toContain('..');
      }),
    );
  });
});

describe('a path on the host', () => {
  test('is given back as it is', () => {
    expect(hostPath('../a:b', 'rootfs', '')).toBe('../a:b');
  });

  test.each(['', '\0', '/etc\0/x'])('%j is none', (path) => {
    expect(() => hostPath(path, 'rootfs', path)).toThrow(/^rootfs: .* is not a path on the host$/);
  });
});
