import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { checkSwitch, formatFlag, refusedFlag, toUsageWords } from '../../../src/oci/flag-words.js';
import { type BundleFlags, addBundleFlags, toCreateOptions } from '../../../src/oci/flags.js';
import { addSubCgroup } from '../../../src/oci/sub-cgroups.js';

const quiet = (): Command => new Command().exitOverride().configureOutput({ writeErr: () => undefined });

function parse(...words: readonly string[]): BundleFlags {
  const command = quiet();
  addBundleFlags(command);
  return command.parse(words, { from: 'user' }).opts<BundleFlags>();
}

describe('flags of create and run', () => {
  test('have defaults', () => {
    expect(parse()).toEqual({ pivot: true, newKeyring: true, subreaper: true });
  });

  test('are read', () => {
    const words = ['--bundle', '/b', '--console-socket', '/c', '--pid-file', '/p', '--pidfd-socket', '/f'];
    const flags = parse(...words, '--preserve-fds', '3', '--no-pivot', '--no-new-keyring');
    expect(flags).toMatchObject({ bundle: '/b', preserveFds: 3, pivot: false, newKeyring: false });
    expect(toCreateOptions(flags)).toEqual({ consoleSocket: '/c', pidFile: '/p', pidfdSocket: '/f' });
    expect(toCreateOptions(parse())).toEqual({});
  });

  test.each(['-1', 'x', '', '1.0', '10000'])('%j is no number of descriptors', (count) => {
    expect(() => parse(`--preserve-fds=${count}`)).toThrow('is not a number of descriptors');
  });
});

describe('words that flags take', () => {
  test.each(['auto', '', '1', 't', 'TRUE', '0', 'F', 'false'])('%j is yes, no or neither', (word) => {
    expect(checkSwitch(word)).toBe(word);
  });

  test.each(['yes', '2', 'tRue', ' '])('%j is not', (word) => {
    expect(() => checkSwitch(word)).toThrow(`${JSON.stringify(word)} is not true, false or auto.`);
  });

  test('a format is one of two', () => {
    const command = quiet().addOption(formatFlag());
    expect(command.parse(['-f', 'json'], { from: 'user' }).opts()).toEqual({ format: 'json' });
    expect(() => command.parse(['-f', 'yaml'], { from: 'user' })).toThrow('Allowed choices are table, json.');
  });

  test('a flag that is not taken says why', () => {
    const command = quiet().addOption(refusedFlag('--nope <X>', 'there is none'));
    expect(() => command.parse(['--nope', 'x'], { from: 'user' })).toThrow('there is none.');
  });
});

test('what is missing behind a flag is said as engines look for it, all else as it is', () => {
  const missing = "error: option '--lsm-profile <PROFILE>' argument missing\n";
  expect(toUsageWords(missing)).toBe(`flag needs an argument: -lsm-profile\n${missing}`);
  expect(toUsageWords("error: unknown option '--nope'\n")).toBe("error: unknown option '--nope'\n");
});

describe('--cgroup', () => {
  test('is one for all, or some for controllers', () => {
    expect(addSubCgroup('a/b', {})).toEqual({ '': 'a/b' });
    expect(addSubCgroup('cpu,memory:x', {})).toEqual({ cpu: 'x', memory: 'x' });
    expect(addSubCgroup('pids:y:z', { cpu: 'x' })).toEqual({ cpu: 'x', pids: 'y:z' });
  });

  test.each([
    [':a', {}, 'names no controller'],
    ['cpu,:a', {}, 'names no controller'],
    ['cpu:a', { cpu: 'b' }, 'cpu is given a cgroup more than once'],
    ['cpu,cpu:a', {}, 'cpu is given a cgroup more than once'],
    ['a', { cpu: 'b' }, 'there can be no other beside it'],
    ['a', { '': 'b' }, 'there can be no other beside it'],
  ])('%j beside %j is wrong', (value, before, words) => {
    expect(() => addSubCgroup(value, before)).toThrow(words);
  });
});
