import { describe, expect, it } from 'vitest';
import { GUESTS } from '../../lab/guests.mjs';
import { parseNames, parseNumber, parseRun } from '../../lab/lib/arguments.mjs';

describe('parseRun', () => {
  it('takes a guest, options, and a command as it is', () => {
    const argv = [
      'rootless',
      '--memory',
      '512',
      '--timeout=9',
      '--as',
      'root',
      '--',
      'sh',
      '-c',
      'a b',
      '--',
      '--check',
    ];
    expect(parseRun(argv)).toEqual({
      name: 'rootless',
      guest: GUESTS['rootless'],
      memoryMiB: 512,
      timeoutSeconds: 9,
      as: 'root',
      check: false,
      command: ['sh', '-c', 'a b', '--', '--check'],
    });
  });

  it('has defaults', () => {
    expect(parseRun(['v2', '--', 'true'])).toMatchObject({ memoryMiB: 2048, timeoutSeconds: 600, as: undefined });
    expect(parseRun(['v2', '--check'])).toMatchObject({ check: true, command: [] });
  });

  it.each([
    [[], /which guest\? There are v2, /],
    [['v3'], /no guest is called v3; there are v2, /],
    [['toString', '--', 'true'], /no guest is called toString/],
    [['v2', 'true'], /a command stands after --: -- true/],
    [['v2'], /give either a command after --, or --check/],
    [['v2', '--'], /give either a command/],
    [['v2', '--check', '--', 'true'], /give either a command/],
    [['v2', '--memory', '12', '--', 'true'], /--memory 12: not a number from 256 on/],
    [['v2', '--timeout', '1s', '--', 'true'], /--timeout 1s: not a number/],
    [['v2', '--as', 'nobody', '--', 'true'], /--as nobody: there are root, tester/],
    [['v2', '--fast', '--', 'true'], /--fast/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseRun(argv)).toThrow(message);
  });
});

describe('parseNames', () => {
  it('takes several, with commas or without; all when there are none', () => {
    expect(parseNames('--guest', ['a,b', 'c'], ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(parseNames('--guest', undefined, ['a', 'b'])).toEqual(['a', 'b']);
  });

  it('refuses a name that it does not know', () => {
    expect(() => parseNames('--guest', ['a,x'], ['a', 'b'])).toThrow('--guest x: there are a, b');
  });
});

describe('parseNumber', () => {
  it.each(['', '-1', '1.5', '0x10', '1e3', '12345678', '0'])('refuses %j', (text) => {
    expect(() => parseNumber('--jobs', text, 1, 1)).toThrow(`--jobs ${text}: not a number from 1 on`);
  });
});
