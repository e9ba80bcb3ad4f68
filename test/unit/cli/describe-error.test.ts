import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../../src/cli/describe-error.js';
import type { Spelling } from '../../../src/cli/flags/flag.js';
import { parseUsageError } from '../../../src/cli/usage-error.js';
import { LaunchError } from '../../../src/errors/launch-error.js';
import { OptionError } from '../../../src/errors/option-error.js';

const SPELLING: Spelling = new Map([
  ['memory', '--memory'],
  ['memorySwap', '--memory-swap'],
  ['volumes', '--volume'],
  ['env', '--env'],
  ['readOnly', '--read-only'],
]);

describe('an error', () => {
  it.each([
    [new OptionError('memory', '12Q', 'a size'), '--memory: "12Q" is not a size'],
    [new OptionError('volumes[1]', 'a', 'of the form SRC:DST'), '--volume: "a" is not of the form SRC:DST'],
    [new OptionError('env.A.B', 'a', 'text'), '--env A.B: "a" is not text'],
    [new OptionError('readOnly', true, 'possible'), '--read-only is not possible'],
    [new OptionError('command', '', 'a command'), 'command: "" is not a command'],
    [
      new OptionError('memorySwap', 'memorySwap', 'possible', { hint: 'memorySwap includes memory' }),
      '--memory-swap: "memorySwap" is not possible\nhint: --memory-swap includes memory',
    ],
  ])('about an option names the flag: %s', (error, text) => {
    expect(describeError(error, SPELLING)).toBe(text);
  });

  it('has its hint on a line of its own', () => {
    const failure = { action: 'mount proc on /proc', errno: constants.errno.EPERM, stepIndex: 1, op: 'mount' };
    expect(describeError(new LaunchError(failure, { hint: 'a way out' }), SPELLING)).toBe(
      'mount proc on /proc: EPERM (operation not permitted)\nhint: a way out',
    );
  });

  it('of Node reads like one of corral', () => {
    const error = Object.assign(new Error('x'), { syscall: 'mkdir', path: '/run/corral', errno: -13, code: 'EACCES' });
    expect(describeError(error, SPELLING)).toBe('mkdir /run/corral: EACCES (permission denied)');
  });

  it('that nobody expected says where it comes from', () => {
    expect(describeError(new TypeError('x is not a function'), SPELLING)).toMatch(
      /^internal error: TypeError: x.*\n +at /,
    );
    expect(describeError('thrown text', SPELLING)).toBe('internal error: thrown text');
  });
});

describe('wrong usage', () => {
  it.each([
    ["error: unknown option '--memry'\n(Did you mean --memory?)\n", 'unknown flag --memry', 'did you mean --memory?'],
    ["error: unknown command 'rnu'\n(Did you mean run?)", 'unknown verb rnu', 'did you mean run?'],
    ["error: missing required argument 'command'", 'COMMAND is missing', 'see corral run --help'],
    ["error: option '-m, --memory <SIZE>' argument missing", '--memory: SIZE is missing', 'see corral run --help'],
    ["error: option '--net <a|b>' argument missing", '--net: a|b is missing', 'see corral run --help'],
    [
      "error: too many arguments for 'ps'. Expected 0 arguments but got 1.",
      'ps takes no operands',
      'see corral run --help',
    ],
    [
      "error: too many arguments for 'x'. Expected 1 argument but got 2.",
      'too many operands for x',
      'see corral run --help',
    ],
    ['error: something new', 'something new', 'see corral run --help'],
  ])('%j', (message, what, hint) => {
    expect(parseUsageError(message, 'run', ['run', 'ps'])).toMatchObject({ message: what, hint, code: 'ERR_USAGE' });
  });

  it('without a verb points to the overview', () => {
    expect(parseUsageError("error: unknown option '-x'", undefined, []).hint).toBe('see corral --help');
  });
});
