import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import { checkContainerId, checkHostname, checkName, hostnameOf } from '../../../../src/spec/parse/name.js';

describe('a name', () => {
  test.each(['a', 'web-1', 'A.b_c+d', '0', '+x', '_', 'a..b', 'a'.repeat(128)])('%s is one', (name) => {
    expect(checkName(name)).toBe(name);
  });

  test.each([
    '',
    '.',
    '..',
    '.hidden',
    '-x',
    '--force',
    '../x',
    'a/b',
    '/',
    'a b',
    'a\n',
    '\na',
    'a\0',
    'ä',
    'a:b',
    'a'.repeat(129),
  ])('%j is none', (name) => {
    expect(() => checkName(name)).toThrow(OptionError);
  });

  test('that is wrong is called by the option it came from', () => {
    expect(() => checkName('..')).toThrow(/^name: "\.\." is not a container name/);
    expect(() => checkName('..', 'container')).toThrow(/^container: /);
  });

  test('is a single component of a path, never one that leads elsewhere', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 6 }), (text) => {
        try {
          checkName(text);
        } catch {
          return;
        }
        expect(new URL(`file:///run/${encodeURIComponent(text)}`).pathname).toBe(`/run/${encodeURIComponent(text)}`);
        expect(text).not.toMatch(/[/\0]|^\.\.?$/);
      }),
    );
  });

  test('of 128 characters still gives a host name that the kernel takes', () => {
    expect(hostnameOf('a'.repeat(128))).toBe('a'.repeat(64));
    expect(hostnameOf('web')).toBe('web');
  });
});

describe('a host name', () => {
  test.each(['a', 'web', 'web.example.org', 'A-1', '0', 'a'.repeat(64)])('%s is one', (name) => {
    expect(checkHostname(name)).toBe(name);
  });

  test.each(['', '-a', 'a-', '.a', 'a.', 'a b', 'a_b', 'ä', 'a\n', 'a\0', 'a/b', 'a'.repeat(65)])(
    '%j is none',
    (name) => {
      expect(() => checkHostname(name)).toThrow(/^hostname: /);
    },
  );
});

describe('an id that an engine gives', () => {
  test.each(['a', '-x', '+', '_.-', 'a'.repeat(248), 'f'.repeat(64)])('%s is one', (id) => {
    expect(checkContainerId(id)).toBe(id);
  });

  test.each(['', '.', '..', '.a', 'a/b', 'a b', 'a\n', 'ä', 'a:b', 'a'.repeat(256)])('%j is none', (id) => {
    expect(() => checkContainerId(id)).toThrow(OptionError);
  });
});
