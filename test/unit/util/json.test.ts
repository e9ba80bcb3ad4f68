import { expect, test } from 'vitest';
import { formatJson } from '../../../src/util/json.js';

test('writes bigints as the numbers that they are', () => {
  expect(formatJson({ a: 1, b: '2' })).toBe('{"a":1,"b":"2"}');
  expect(formatJson({ a: [2n ** 64n - 1n, -1n], b: '\\u00001' })).toBe(
    '{"a":[18446744073709551615,-1],"b":"\\\\u00001"}',
  );
  expect(formatJson({ a: 1n }, 1)).toBe('{\n "a": 1\n}');
});

test('what cannot be written is an error', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(() => formatJson(circle)).toThrow(TypeError);
});
