import { describe, expect, it } from 'vitest';
import { formatJson } from '../../../../src/supervisor/api/writing.js';

describe('an answer', () => {
  it('is JSON with a newline, also with numbers that JavaScript has no other word for', () => {
    expect(formatJson({ soft: 2n ** 64n - 1n, name: 'a' })).toBe('{"soft":18446744073709551615,"name":"a"}\n');
  });
});
