import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/errors/config-error.js';

describe('a ConfigError says where, what, and what would be right', () => {
  test.each([
    ['/process/cwd', 'x', '/process/cwd: "x" is not an absolute path'],
    ['/linux', undefined, '/linux: undefined is not an absolute path'],
    [
      '/linux/seccomp',
      { value: 2n ** 64n - 1n },
      '/linux/seccomp: {"value":"18446744073709551615"} is not an absolute path',
    ],
    ['/process/rlimits/0/soft', 2n ** 63n, '/process/rlimits/0/soft: 9223372036854775808 is not an absolute path'],
  ])('%s', (pointer, value, message) => {
    const error = new ConfigError(pointer, value, 'an absolute path', { hint: 'write one' });
    expect(error).toMatchObject({
      name: 'ConfigError',
      code: 'ERR_CONFIG',
      pointer,
      value,
      message,
      hint: 'write one',
    });
  });

  test('and not more of it than can be read', () => {
    expect(new ConfigError('/process/args', 'x'.repeat(5000), 'short').message.length).toBeLessThan(300);
  });
});
