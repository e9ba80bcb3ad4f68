import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import { checkSize, parseTerminal, terminalEnv, terminalFields } from '../../../../src/spec/parse/terminal.js';

describe('the option terminal', () => {
  test.each([
    [undefined, undefined],
    [false, undefined],
    [true, { columns: 80, rows: 24 }],
    [
      { columns: 1, rows: 65_535 },
      { columns: 1, rows: 65_535 },
    ],
  ])('%j is %j', (value, size) => {
    expect(parseTerminal(value)).toEqual(size);
  });

  test.each<[unknown, string]>([
    [null, 'terminal: null is not true, false or an object with columns and rows'],
    ['80x24', 'terminal: "80x24" is not true, false or an object with columns and rows'],
    [80, 'terminal: 80 is not true, false or an object with columns and rows'],
    [{}, 'terminal.columns: undefined is not a whole number, 1–65535'],
    [{ columns: 80 }, 'terminal.rows: undefined is not a whole number, 1–65535'],
    [{ columns: 0, rows: 24 }, 'terminal.columns: 0 is not a whole number, 1–65535'],
    [{ columns: 80, rows: 65_536 }, 'terminal.rows: 65536 is not a whole number, 1–65535'],
    [{ columns: 80.5, rows: 24 }, 'terminal.columns: 80.5 is not a whole number, 1–65535'],
    [{ columns: '80', rows: 24 }, 'terminal.columns: "80" is not a whole number, 1–65535'],
    [{ columns: NaN, rows: 24 }, 'terminal.columns: NaN is not a whole number, 1–65535'],
  ])('%j is refused by name', (value, message) => {
    expect(() => parseTerminal(value)).toThrow(OptionError);
    expect(() => parseTerminal(value)).toThrow(message);
  });
});

test('a size is named as the caller named it, and only its own fields are taken', () => {
  expect(() => checkSize({ columns: 1, rows: -1 }, 'size')).toThrow(/^size\.rows: -1 /);
  expect(checkSize({ columns: 1, rows: 2, extra: 3 } as { columns: number; rows: number }, 'size')).toEqual({
    columns: 1,
    rows: 2,
  });
});

test('the runtime-spec has height and width', () => {
  expect(terminalFields({ columns: 100, rows: 30 })).toEqual({
    terminal: true,
    consoleSize: { height: 30, width: 100 },
  });
  expect(terminalFields(undefined)).toEqual({});
});

test.each([
  [{ TERM: 'screen' }, { TERM: 'screen' }],
  [{ TERM: '' }, { TERM: 'xterm' }],
  [{}, { TERM: 'xterm' }],
])('with %j a terminal has %j', (callers, env) => {
  expect(terminalEnv({ columns: 80, rows: 24 }, callers)).toEqual(env);
  expect(terminalEnv(undefined, callers)).toEqual({});
});
