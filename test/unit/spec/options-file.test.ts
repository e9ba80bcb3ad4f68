import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../src/errors/option-error.js';
import { readOptionsFile } from '../../../src/spec/options-file.js';
import { OPTION_SHAPES } from '../../../src/spec/options-schema.js';

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const schema = JSON.parse(readFileSync(path('schema/corral.schema.json'), 'utf8')) as Record<string, unknown>;
const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);

const read = (value: unknown): ReturnType<typeof readOptionsFile> => readOptionsFile(value, '/project/conf');

/** Tells whether corral takes the shape of a file; what the values mean is checked later. */
function takes(value: unknown): boolean {
  try {
    read(value);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    return false;
  }
}

describe('a file of options', () => {
  test('is the library’s options and a command', () => {
    const options = {
      name: 'web',
      memory: '256M',
      labels: { job: '7' },
      tmpfs: ['/x'],
      stopSignal: 'INT',
      userns: 'host',
    };
    expect(read({ $schema: 'x', command: ['ls', '-l'], ...options })).toEqual({ command: ['ls', '-l'], options });
    expect(read({})).toEqual({ options: {} });
  });

  test('has times in words, masks in octal, and null for the caller’s own variables', () => {
    const { options } = read({ timeout: '1.5m', gracePeriod: 250, umask: '027', env: { A: null, B: 'x' } });
    expect(options).toEqual({ timeout: 90_000, gracePeriod: 250, umask: 0o27, env: { A: undefined, B: 'x' } });
    expect(read({ umask: 0o77 }).options).toEqual({ umask: 0o77 });
  });

  test('has paths of the host from where it lies', () => {
    const { options } = read({
      rootfs: '../root',
      volumes: ['.:/work:ro', '/abs:/abs', 'data', '', { source: 'x', target: '/y', readOnly: true }],
      expose: ['secrets', '/root/.ssh', ''],
      cwd: 'inside',
    });
    expect(options).toEqual({
      rootfs: '/project/root',
      volumes: [
        '/project/conf:/work:ro',
        '/abs:/abs',
        'data',
        '',
        { source: '/project/conf/x', target: '/y', readOnly: true },
      ],
      expose: ['/project/conf/secrets', '/root/.ssh', ''],
      cwd: 'inside',
    });
    expect(read({ isolation: 'cgroup', cwd: 'inside' }).options.cwd).toBe('/project/conf/inside');
    expect(read({ rootfs: '' }).options.rootfs).toBe('');
  });

  test.each<[unknown, string]>([
    [{ memroy: 1 }, 'options: "memroy" is not an option'],
    [{ comand: [] }, 'options: "comand" is not an option'],
    [{ stdin: 'inherit' }, 'options: "stdin" is not an option'],
    [{ timeout: 'soon' }, 'timeout: "soon" is not a time such as 500ms'],
    [{ gracePeriod: true }, 'gracePeriod: true is not a time such as 10s, or a number of milliseconds'],
    [{ umask: '8' }, 'umask: "8" is not an octal mask'],
    [{ umask: 512 }, 'umask: 512 is not from 0 to 0o777'],
    [{ umask: true }, 'umask: true is not an octal mask such as "022", or a number'],
    [{ env: ['A=1'] }, 'env: ["A=1"] is not an object of names and values'],
    [{ command: 'ls' }, 'command: "ls" is not a list'],
    [{ command: ['ls', 5] }, 'command[1]: 5 is not text'],
    [{ env: { A: 5 } }, 'env.A: 5 is not text'],
    [{ memory: null }, 'memory: null is not a size'],
    [[], 'options: [] is not an object of options'],
    ['x', 'options: "x" is not an object of options'],
    [null, 'options: null is not an object of options'],
  ])('%j is refused', (value, message) => {
    expect(() => read(value)).toThrow(OptionError);
    expect(() => read(value)).toThrow(message);
  });

  test.each([
    [{ memroy: 1 }, 'did you mean memory?'],
    [{ comand: [] }, 'did you mean command?'],
    [{ timeuot: 1 }, 'did you mean timeout?'],
  ])('%j has a hint', (value, hint) => {
    expect(() => read(value)).toThrow(expect.objectContaining({ hint }) as Error);
  });
});

describe('the published schema', () => {
  test('is what npm run build:schema makes', () => {
    const { stdout, stderr } = spawnSync(process.execPath, [path('scripts/build-schema.mjs'), '--print'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toBe(readFileSync(path('schema/corral.schema.json'), 'utf8'));
  }, 60_000);

  test('knows every option, with words', () => {
    const properties = schema['properties'] as Record<string, { description: string }>;
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(OPTION_SHAPES)));
    for (const { description } of Object.values(properties)) expect(description).toMatch(/^\S.*\S$/);
  });

  test.each(readdirSync(path('examples')).filter((name) => name === 'corral.json'))(
    'takes %s, as corral does',
    (name) => {
      const value: unknown = JSON.parse(readFileSync(path(`examples/${name}`), 'utf8'));
      validate(value);
      expect(validate.errors).toBeNull();
      expect(takes(value)).toBe(true);
    },
  );

  const RIGHT: readonly object[] = [
    {},
    { $schema: 'x', command: ['a'] },
    { memory: 5, memorySwap: 'max', cpus: '1.5', pids: 5 },
    { volumes: ['/a:/b', { source: '/a', target: '/b' }] },
    { env: { A: null, B: '' }, labels: { a: 'b' }, sysctl: { a: 'b' } },
    { umask: '022', timeout: 5, gracePeriod: '5s', oomScoreAdj: -1000 },
    { net: 'none', pid: 'host', isolation: 'cgroup', readOnly: true },
  ];
  const WRONG: readonly unknown[] = [
    [],
    'x',
    null,
    { memory: true },
    { memroy: 1 },
    { volumes: [{ source: '/a' }] },
    { volumes: [{ source: '/a', target: '/b', readonly: true }] },
    { volumes: '/a:/b' },
    { env: { A: 1 } },
    { env: ['A=1'] },
    { labels: { a: null } },
    { umask: 512 },
    { oomScoreAdj: 0.5 },
    { net: 'bridge' },
    { command: 'ls' },
    { command: [1] },
    { timeout: null },
  ];

  test.each([...RIGHT, ...WRONG].map((value) => [JSON.stringify(value), value]))(
    'agrees with corral about %s',
    (_, value) => {
      expect(validate(value)).toBe(RIGHT.includes(value as object));
      expect(takes(value)).toBe(RIGHT.includes(value as object));
    },
  );
});
