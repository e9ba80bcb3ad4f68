import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../../src/errors/config-error.js';
import { parseJson } from '../../../../src/spec/config/json.js';
import { formatJson } from '../../../helpers/configs.js';

describe('whole numbers are exact', () => {
  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9223372036854771712', 9223372036854771712n],
    ['18446744073709551615', 18446744073709551615n],
    ['-9223372036854775808', -9223372036854775808n],
    ['-0', 0],
    ['1.5e3', 1500],
    ['1e400', Infinity],
    ['12345678901234567.0', 12345678901234568],
    ['9'.repeat(41), 1e41],
  ])('%s', (text, value) => expect(parseJson(text)).toBe(value));

  test('zero has no sign, wherever it is', () => {
    expect(parseJson('{"a":[-0, -0,-0.0]}')).toEqual({ a: [0, 0, 0] });
  });
});

describe('what is wrong is named with its place', () => {
  test.each([
    ['', 'undefined is not a value (line 1, column 1)'],
    ['{\n  "a": 1,\n}', '"}" is not the name of a property, in quotes (line 3, column 1)'],
    ['{\n  "a" 1}', '"1}" is not a colon (line 2, column 7)'],
    ['{"a":1 "b":2}', '"\\"b\\":2}" is not a comma, or the closing brace of an object (line 1, column 8)'],
    ['[1 2]', '"2]" is not a comma, or the closing bracket of a list (line 1, column 4)'],
    ['[1,]', '"]" is not a value (line 1, column 4)'],
    ['nul', '"nul" is not a value (line 1, column 1)'],
    ['01', '"1" is not the end of the text (line 1, column 2)'],
    ['[truex]', '"x]" is not a comma, or the closing bracket of a list (line 1, column 6)'],
    ['["a]', '"\\"a]" is not a text that ends: its closing quote is missing (line 1, column 2)'],
    ['["a\nb"]', '"\\"a" is not a text: a control character or a wrong escape is in it (line 1, column 2)'],
    ['["\\x"]', '"\\"\\\\x\\"]" is not a text: a control character or a wrong escape is in it (line 1, column 2)'],
    ['{"a":1}}', '"}" is not the end of the text (line 1, column 8)'],
    ["{'a':1}", '"\'a\':1}" is not the name of a property, in quotes (line 1, column 2)'],
    ['// no\n1', '"// no" is not a value (line 1, column 1)'],
  ])('%j', (text, message) => {
    expect(() => parseJson(text)).toThrow(ConfigError);
    expect(() => parseJson(text)).toThrow(`JSON: ${message}`);
  });

  test('bytes that are no UTF-8', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('JSON: undefined is not JSON: it is not UTF-8');
  });
});

describe('the form', () => {
  test('may begin with a byte order mark', () => expect(parseJson('\ufeff{}')).toEqual({}));

  test('of texts', () => {
    expect(parseJson('["a\\"b","\\\\","\\\\\\"","\\u0041\\n", "é", 9007199254740993]')).toEqual([
      'a"b',
      '\\',
      '\\"',
      'A\n',
      'é',
      9007199254740993n,
    ]);
  });

  test('of properties that are there twice, the last counts', () => {
    expect(parseJson('{"a":1,"a":2}')).toEqual({ a: 2 });
    expect(parseJson('{"a":9007199254740993,"a":2}')).toEqual({ a: 2 });
  });

  test.each(['{"__proto__":{"a":1}}', '{"__proto__":{"a":1},"b":9007199254740993}'])(
    '%s changes no prototype',
    (text) => {
      const value = parseJson(text) as object;
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value)).toContain('__proto__');
    },
  );

  test.each([
    ['[', ']'],
    ['{"a":', '}'],
  ])('nests up to a hundred levels of %s', (open, close) => {
    const nested = (levels: number, inside: string): string => open.repeat(levels) + inside + close.repeat(levels);
    for (const inside of ['1', '9007199254740993']) {
      expect(() => parseJson(nested(100, inside))).not.toThrow();
      expect(() => parseJson(nested(101, inside))).toThrow('lists and objects nest deeper than 100');
      expect(() => parseJson(nested(200_000, inside))).toThrow('lists and objects nest deeper than 100');
    }
  });
});

describe('whatever the text', () => {
  test('it is read as JSON.parse reads it, but for long numbers', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!/[0-9]{16}/.test(text));
        const plain = JSON.parse(text, (_key, value: unknown) => (value === 0 ? 0 : value)) as unknown;
        expect(parseJson(text)).toEqual(plain);
        // The long number makes it take the other way.
        expect(parseJson(`[${text}, 9007199254740993]`)).toEqual([plain, 9007199254740993n]);
      }),
    );
  });

  test('what has been read can be written, and read again', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.constant(null),
        fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).filter((n) => n > 2n ** 53n || n < -(2n ** 53n)),
        fc.maxSafeInteger().map((n) => n + 0),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value')).map((each) => ({ ...each })),
      ),
    })).value;
    fc.assert(
      fc.property(value, (given) => {
        expect(parseJson(formatJson(given))).toEqual(given);
      }),
    );
  });

  test('it is refused exactly where JSON.parse refuses it', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      ' ',
      '\n',
      '1',
      '-',
      '0',
      '.',
      'e',
      'true',
      'null',
      '\u00a0',
      '9007199254740993',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        const throws = (read: (text: string) => unknown): boolean => {
          try {
            read(text);
            return false;
          } catch (error) {
            if (read === parseJson) expect(error).toBeInstanceOf(ConfigError);
            return true;
          }
        };
        expect(throws(parseJson)).toBe(throws((given) => JSON.parse(given) as unknown));
      }),
      { numRuns: 3000 },
    );
  });
});
