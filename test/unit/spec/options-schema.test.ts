import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../src/errors/option-error.js';
import { checkOptions } from '../../../src/spec/options-schema.js';

test('no options are right', () => {
  expect(checkOptions({})).toEqual({});
});

test('right options are given back', () => {
  const options = {
    name: 'web',
    isolation: 'full',
    memory: '1g',
    memorySwap: 5,
    cpus: 1.5,
    volumes: ['/a:/b', { source: '/a', target: '/b' }, { source: '/a', target: '/b', readOnly: true }],
    env: { A: 'x', B: undefined },
    umask: 0o777,
    oomScoreAdj: -1000,
    net: 'none',
    pid: 'host',
    sysctl: { 'net.x': '1' },
    readOnly: true,
    terminal: { columns: 80, rows: 24 },
  };
  expect(checkOptions(options)).toEqual(options);
});

test('an option that is undefined is as good as absent', () => {
  expect(() => checkOptions({ memory: undefined, volumes: undefined })).not.toThrow();
});

describe('a wrong type is named with what was expected', () => {
  test.each<[object, string]>([
    [{ name: 5 }, 'name: 5 is not text'],
    [{ readOnly: 'yes' }, 'readOnly: "yes" is not true or false'],
    [{ init: 1 }, 'init: 1 is not true or false'],
    [{ memory: true }, 'memory: true is not a size such as 256M, or a number of bytes'],
    [{ memory: 1n }, 'memory: 1n is not a size such as 256M, or a number of bytes'],
    [{ memory: null }, 'memory: null is not a size such as 256M, or a number of bytes'],
    [{ cpus: {} }, 'cpus: {} is not a number of CPUs such as 1.5'],
    [{ pids: '5' }, 'pids: "5" is not a number'],
    [{ pids: NaN }, 'pids: NaN is not a number'],
    [{ isolation: 'none' }, 'isolation: "none" is not full or cgroup'],
    [{ net: 'bridge' }, 'net: "bridge" is not private, none or host'],
    [{ userns: 'none' }, 'userns: "none" is not private or host'],
    [{ tmpfs: '/x' }, 'tmpfs: "/x" is not a list'],
    [{ tmpfs: ['/x', 5] }, 'tmpfs[1]: 5 is not text'],
    [{ groups: [5] }, 'groups[0]: 5 is not text'],
    [{ env: { A: 5 } }, 'env.A: 5 is not text'],
    [{ env: 'A=5' }, 'env: "A=5" is not an object of names and values'],
    [{ sysctl: { 'net.x': 1 } }, 'sysctl.net.x: 1 is not text'],
    [{ umask: 8.5 }, 'umask: 8.5 is not a whole number'],
    [{ umask: -1 }, 'umask: -1 is not from 0 to 0o777'],
    [{ umask: 0o1000 }, 'umask: 512 is not from 0 to 0o777'],
    [{ umask: '022' }, 'umask: "022" is not a number'],
    [{ terminal: 'yes' }, 'terminal: "yes" is not true, false or an object with columns and rows'],
    [{ terminal: { columns: 1 } }, 'terminal: {"columns":1} is not true, false or an object with columns and rows'],
    [
      { terminal: { columns: 1, rows: 1, x: 1 } },
      'terminal: {"columns":1,"rows":1,"x":1} is not true, false or an object with columns and rows',
    ],
    [{ oomScoreAdj: 1001 }, 'oomScoreAdj: 1001 is not from -1000 to 1000'],
    [{ oomScoreAdj: -1001 }, 'oomScoreAdj: -1001 is not from -1000 to 1000'],
    [{ oomScoreAdj: 0.5 }, 'oomScoreAdj: 0.5 is not a whole number'],
    [{ volumes: [5] }, 'volumes[0]: 5 is not of the form SRC:DST[:ro|rw]'],
    [{ volumes: [{ source: '/a' }] }, 'volumes[0]: {"source":"/a"} is not of the form SRC:DST[:ro|rw]'],
    [{ volumes: [{ source: 1n, target: '/b' }] }, "volumes[0]: { source: 1n, target: '/b' } is not of the form"],
    [
      { volumes: [{ source: '/a', target: '/b', readonly: true }] },
      'volumes[0]: {"source":"/a","target":"/b","readonly":true}',
    ],
  ])('%#', (options, message) => {
    expect(() => checkOptions(options)).toThrow(OptionError);
    expect(() => checkOptions(options)).toThrow(message);
  });
});

describe('an unknown option is an error', () => {
  test.each([
    ['memroy', 'memory'],
    ['readonly', 'readOnly'],
    ['volume', 'volumes'],
    ['capadd', 'capAdd'],
    ['hostName', 'hostname'],
  ])('%s, which was meant to be %s', (name, meant) => {
    expect(() => checkOptions({ [name]: 'x' })).toThrow(
      expect.objectContaining({
        message: `options: "${name}" is not an option`,
        hint: `did you mean ${meant}?`,
      }),
    );
  });

  test.each(['somethingElse', 'toString', 'constructor', 'valueOf'])('%s, with nothing near it', (name) => {
    try {
      checkOptions({ [name]: 'x' });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(OptionError);
      expect(error).not.toHaveProperty('hint');
    }
  });
});

test.each([[null], [undefined], ['x'], [5], [true]])('%j is no object of options', (value) => {
  expect(() => checkOptions(value)).toThrow(/^options: /);
});
