import { constants } from 'node:os';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { EXIT, EXIT_HELP, errorExitCode, exitCodeOf, exitCodeOfEnd } from '../../../src/cli/exit-codes.js';
import { UsageError } from '../../../src/cli/usage-error.js';
import { LaunchError } from '../../../src/errors/launch-error.js';
import { OptionError } from '../../../src/errors/option-error.js';
import { NotFoundError } from '../../../src/errors/state-errors.js';

const ended = { exitCode: null, signal: null, timedOut: false, aborted: false };
const launch = (op: string, name: keyof typeof constants.errno): LaunchError =>
  new LaunchError({ action: op, errno: constants.errno[name], stepIndex: 0, op });

describe('the exit code of a command', () => {
  it.each([0, 1, 3, 124, 255])('%d is its own', (exitCode) => {
    expect(exitCodeOf({ ...ended, exitCode })).toBe(exitCode);
  });

  it.each([
    ['SIGKILL', 137],
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIG40', 168],
  ])('that died of %s is %d', (signal, code) => {
    expect(exitCodeOf({ ...ended, signal })).toBe(code);
  });

  it('whose time was up is 124, however it ended', () => {
    expect(exitCodeOf({ ...ended, signal: 'SIGKILL', timedOut: true })).toBe(124);
    expect(exitCodeOf({ ...ended, exitCode: 0, timedOut: true })).toBe(124);
  });
});

describe('the exit code of a container that has ended', () => {
  it.each([
    [{ exitCode: 3, signal: null }, 3],
    [{ exitCode: null, signal: 'SIGKILL', timedOut: true }, 124],
    [{ exitCode: null, signal: 'SIGUSR1' }, 138],
    [{}, undefined],
    [{ exitCode: null }, undefined],
  ])('of %j is %s', (end, code) => {
    expect(exitCodeOfEnd(end)).toBe(code);
  });

  it('is that of SIGKILL where nothing is told', () => {
    expect(exitCodeOf(ended)).toBe(137);
  });
});

describe('the exit code of an error', () => {
  it.each([
    ['find-executable', 'ENOENT', 127],
    ['find-executable', 'ENOTDIR', 127],
    ['find-executable', 'EACCES', 126],
    ['exec', 'ENOENT', 127],
    ['exec', 'ENOEXEC', 126],
    ['mount', 'ENOENT', 125],
    ['change-directory', 'EACCES', 125],
  ] as const)('%s %s is %d where a command is run', (op, errno, code) => {
    expect(errorExitCode(launch(op, errno), { runs: true })).toBe(code);
    expect(errorExitCode(launch(op, errno), { runs: false })).toBe(EXIT.failure);
  });

  it.each([
    [new OptionError('memory', 'x', 'a size'), EXIT.usage],
    [new UsageError('NAME is missing'), EXIT.usage],
    [new NotFoundError('web'), EXIT.failure],
    [new Error('a bug'), EXIT.failure],
    [new CommanderError(1, 'x', 'x'), EXIT.failure],
  ])('%s is 125 where a command is run', (error, otherwise) => {
    expect(errorExitCode(error, { runs: true })).toBe(EXIT.corralFailed);
    expect(errorExitCode(error, { runs: false })).toBe(otherwise);
  });

  it('is in the help', () => {
    for (const code of [EXIT.timedOut, EXIT.corralFailed, EXIT.notExecutable, EXIT.notFound, EXIT.signal]) {
      expect(EXIT_HELP).toContain(`  ${code} `);
    }
  });
});
