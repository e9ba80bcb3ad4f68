import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../src/errors/option-error.js';
import { parseEnv } from '../../../src/spec/environment.js';
import { checkCommand } from '../../../src/spec/from-options.js';
import { specOf } from '../../helpers/facts.js';

describe('variables', () => {
  test('override, are inherited where they have no value, and vanish where there is none to inherit', () => {
    const env = { PATH: '/x', SECRET: undefined, MISSING: undefined, EMPTY: '', EQUALS: 'a=b', TERM: 'dumb' };
    expect(specOf({ env }).process.env).toEqual([
      'PATH=/x',
      'HOME=/root',
      'HOSTNAME=web',
      'container=corral',
      'TERM=dumb',
      'SECRET=token',
      'EMPTY=',
      'EQUALS=a=b',
    ]);
  });

  test.each(['', '=', 'A=', '=A', 'A=B', 'A\0'])('%j is no name', (name) => {
    expect(() => parseEnv({ [name]: 'x' }, {})).toThrow(/^env: .* is not the name of a variable$/);
  });

  test('hold no NUL byte', () => {
    expect(() => parseEnv({ A: 'x\0y' }, {})).toThrow(/^env\.A: /);
  });

  test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])('named %s are like any other', (name) => {
    const given = Object.fromEntries([[name, 'x']]);
    const asked = Object.fromEntries([[name, undefined]]);
    expect(Object.entries(parseEnv(given, {}))).toEqual([[name, 'x']]);
    expect(Object.entries(parseEnv(asked, {}))).toEqual([[name, undefined]]);
    expect(Object.entries(parseEnv(asked, process.env))).toEqual([[name, undefined]]);
    expect(Object.entries(parseEnv(asked, given))).toEqual([[name, 'x']]);
  });

  test('come out as they went in', () => {
    const name = fc.stringMatching(/^[^=\0]+$/);
    const value = fc.string().filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (env) => {
        expect(Object.entries(parseEnv(env, { SECRET: 'x' }))).toEqual(Object.entries(env));
      }),
    );
  });
});

describe('a command', () => {
  test.each([[['a']], [['a', '']], [['a', 'b c', '-']], [[' ']]])('%j', (command) => {
    expect(() => checkCommand(command)).not.toThrow();
  });

  test.each<[unknown, string]>([
    [[], 'command: [] is not a command: give at least a program'],
    [[''], 'command: [""] is not a command: give at least a program'],
    ['ls -l', 'command: "ls -l" is not a list of words'],
    [undefined, 'command: undefined is not a list of words'],
    [['a\0'], 'command[0]: "a\\u0000" is not text without NUL bytes'],
    [['a', '\0'], 'command[1]: "\\u0000" is not text without NUL bytes'],
    [['sleep', 5], 'command[1]: 5 is not text without NUL bytes'],
    [[undefined], 'command[0]: undefined is not text without NUL bytes'],
  ])('%j is none', (command, message) => {
    expect(() => checkCommand(command)).toThrow(OptionError);
    expect(() => checkCommand(command)).toThrow(message);
  });
});
