import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import { parseVariablesFile } from '../../../../src/spec/parse/variables-file.js';

const parse = (text: string): ReturnType<typeof parseVariablesFile> =>
  parseVariablesFile(text, { option: 'envFile', file: 'jobs.env' });

describe('a file of variables', () => {
  test.each<[text: string, entries: ReturnType<typeof parse>]>([
    ['', []],
    ['A=1', [['A', '1']]],
    ['A=1\nB=2\n', [['A', '1'], ['B', '2']]], // prettier-ignore
    ['A=1\r\nB=2\r\n', [['A', '1'], ['B', '2']]], // prettier-ignore
    ['\uFEFFA=1', [['A', '1']]],
    ['# a comment\n\n  \t\n \t# another\nA=1', [['A', '1']]],
    ['  A=1', [['A', '1']]],
    ['A= x y ', [['A', ' x y ']]],
    ['A="quoted"', [['A', '"quoted"']]],
    ['A=b=c', [['A', 'b=c']]],
    ['A=#no comment', [['A', '#no comment']]],
    ['A=', [['A', '']]],
    ['A', [['A', undefined]]],
    ['a.b-c=1', [['a.b-c', '1']]],
    ['__proto__=1', [['__proto__', '1']]],
  ])('%j', (text, entries) => {
    expect(parse(text)).toEqual(entries);
  });

  test.each([
    ['A=1\nB C=secret\n', 'envFile.jobs.env:2: "B C" is not a name: a line is NAME=VALUE or NAME'],
    ['=secret', 'envFile.jobs.env:1: "" is not a name'],
    ['# x\n\n A =secret', 'envFile.jobs.env:3: "A " is not a name'],
    ['A\0=secret', 'envFile.jobs.env:1: "A\\u0000" is not a name'],
  ])('%j is refused with file and line, and without the value', (text, message) => {
    expect(() => parse(text)).toThrow(OptionError);
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).not.toThrow('secret');
  });

  test('gives back what was written', () => {
    const name = fc.stringMatching(/^[\w.-]{1,8}$/);
    const value = fc.stringMatching(/^[^\r\n\0]{0,20}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (entries) => {
        expect(parse(entries.map(([key, text]) => `${key}=${text}\n`).join(''))).toEqual(entries);
      }),
    );
  });
});
