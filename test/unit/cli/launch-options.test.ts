import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type FileFlags, type LaunchOptions, readLaunchOptions } from '../../../src/cli/launch-options.js';
import { OptionError } from '../../../src/errors/option-error.js';

const directory = mkdtempSync(join(tmpdir(), 'corral-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

let count = 0;

/** Writes a file of the test's own. */
function write(content: string | Uint8Array | object): string {
  const path = join(directory, `file-${String(count++)}`);
  const text = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
  writeFileSync(path, text);
  return path;
}

type Flags = LaunchOptions['options'] & FileFlags;

const read = (flags: Flags, operands: readonly string[] = ['true']): Promise<LaunchOptions> =>
  readLaunchOptions(operands, flags, 'run');

describe('the options of a launch', () => {
  it('are the flags, where there is no file', async () => {
    const { command, options } = await read({ memory: '1G', volumes: ['/a:/a'] });
    expect(command).toEqual(['true']);
    expect(options).toEqual({ memory: '1G', volumes: ['/a:/a'] });
  });

  it('are those of the file, overridden or added to by the flags', async () => {
    const file = write({
      command: ['ls'],
      memory: '1G',
      cpus: 2,
      readOnly: true,
      volumes: ['/a:/a'],
      tmpfs: ['/t'],
      env: { A: 'file', B: 'file' },
      labels: { job: '7' },
    });
    const flags: Flags = {
      file,
      memory: '2G',
      pids: 5,
      readOnly: false,
      volumes: ['/b:/b'],
      env: { B: 'flag', C: undefined },
      labels: { team: 'x' },
    };
    const { command, options } = await read(flags, []);
    expect(command).toEqual(['ls']);
    expect(options).toEqual({
      memory: '2G',
      cpus: 2,
      pids: 5,
      readOnly: false,
      volumes: ['/a:/a', '/b:/b'],
      tmpfs: ['/t'],
      env: { A: 'file', B: 'flag', C: undefined },
      labels: { job: '7', team: 'x' },
    });
    expect((await read(flags, ['echo', 'hi'])).command).toEqual(['echo', 'hi']);
  });

  it('take variables from files of variables: more than the file of options, less than the flag', async () => {
    const file = write({ env: { A: 'json', B: 'json', C: 'json' } });
    const envFile = [write('B=first\nC=first\nD=first\n'), write('D=second\nE\n')];
    const { options } = await read({ file, envFile, env: { C: 'flag' } });
    expect(options.env).toEqual({ A: 'json', B: 'first', C: 'flag', D: 'second', E: undefined });
    expect(options).not.toHaveProperty('envFile');
  });

  it('take labels likewise; one without a value is empty', async () => {
    const file = write({ labels: { a: 'json', b: 'json' } });
    const { options } = await read({ file, labelFile: [write('b=file\nc\nd=file')], labels: { d: 'flag' } });
    expect(options.labels).toEqual({ a: 'json', b: 'file', c: '', d: 'flag' });
  });

  it('know no prototype', async () => {
    const file = write('{"env": {"__proto__": "x", "toString": "y"}}');
    const { options } = await read({ file, env: { constructor: 'z' } });
    expect(Object.entries(options.env ?? {})).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
      ['constructor', 'z'],
    ]);
  });
});

it('no command at all is pointed out', async () => {
  await expect(read({}, [])).rejects.toMatchObject({ message: 'COMMAND is missing', hint: 'see corral run --help' });
});

describe('a file that makes no sense', () => {
  it.each<[content: string | Uint8Array | object, message: string]>([
    ['{"a":1,}', ':1:8: Expected double-quoted property name'],
    ['{\n  "memory": "1G"\n  "cpus": 1\n}', ":3:3: Expected ',' or '}' after property value"],
    ['', ': Unexpected end of JSON input'],
    ['// words', ': Unexpected token'],
    [new Uint8Array([0x22, 0xff, 0x22]), 'it is no UTF-8 text'],
    [{ memroy: '1G' }, ': "memroy" is not an option'],
    [['ls'], ': ["ls"] is not an object of options'],
    [{ memory: true }, ': memory: true is not a size such as 256M, or a number of bytes'],
    [{ volumes: [1] }, ': volumes/0: 1 is not of the form SRC:DST[:ro|rw]'],
    [{ env: { 'a.b': 5 } }, ': env/a.b: 5 is not text'],
    [{ $schema: 5 }, ': $schema: 5 is not text'],
    [{ timeout: 'soon' }, ': timeout: "soon" is not a time'],
  ])('%j is refused with its name and the field', async (content, message) => {
    const file = write(content);
    await expect(read({ file })).rejects.toThrow(message);
    await expect(read({ file })).rejects.toThrow(file);
    await expect(read({ file })).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });

  it('or is none, or a directory', async () => {
    await expect(read({ file: join(directory, 'none') })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(read({ file: directory })).rejects.toMatchObject({ code: 'EISDIR', path: directory });
    await expect(read({ envFile: [directory] })).rejects.toMatchObject({ code: 'EISDIR', path: directory });
  });

  it('has no command, and neither has the command line', async () => {
    const file = write({});
    await expect(read({ file }, [])).rejects.toMatchObject({
      message: 'COMMAND is missing',
      hint: `${file} has no "command" either`,
    });
  });

  it('of variables is named with its line', async () => {
    const envFile = write('A=1\nB B=2\n');
    await expect(read({ envFile: [envFile] })).rejects.toMatchObject({ option: `envFile.${envFile}:2`, value: 'B B' });
  });
});

describe('an error that comes up later', () => {
  const cases: readonly [inFile: object, flags: Flags, error: OptionError, blamed: string | undefined][] = [
    [{ memory: 'x' }, {}, new OptionError('memory', 'x', 'y'), 'memory: "x" is not y'],
    [{ memory: '1G' }, { memory: 'x' }, new OptionError('memory', 'x', 'y'), undefined],
    [{}, { memory: 'x' }, new OptionError('memory', 'x', 'y'), undefined],
    [{ volumes: ['a', 'b'] }, { volumes: ['c'] }, new OptionError('volumes[1]', 'b', 'y'), 'volumes/1: "b" is not y'],
    [{ volumes: ['a', 'b'] }, { volumes: ['c'] }, new OptionError('volumes[2]', 'c', 'y'), undefined],
    [{ volumes: ['a'] }, {}, new OptionError('volumes', '/x', 'y'), 'volumes: "/x" is not y'],
    [{ volumes: ['a'] }, { volumes: ['b'] }, new OptionError('volumes', '/x', 'y'), undefined],
    [{ env: { '': 'v' } }, {}, new OptionError('env', '', 'y'), 'env: "" is not y'],
    [{ env: { A: 'v' } }, { env: { B: 'w' } }, new OptionError('env.A', 'v', 'y'), 'env/A: "v" is not y'],
    [{ env: { A: 'v' } }, { env: { A: 'w' } }, new OptionError('env.A', 'w', 'y'), undefined],
    [{ sysctl: { a: 'v' } }, { sysctl: { b: 'w' } }, new OptionError('sysctl', 'b', 'y'), undefined],
    [{ command: ['x\0'] }, {}, new OptionError('command[0]', 'x', 'y'), 'command/0: "x" is not y'],
  ];

  it.each(cases)('%j with %j: %s', async (inFile, flags, error, blamed) => {
    const file = write(inFile);
    const operands = 'command' in inFile ? [] : ['true'];
    const { blame } = await read({ ...flags, file }, operands);
    const result = blame(error);
    if (blamed === undefined) expect(result).toBe(error);
    else expect(result).toMatchObject({ code: 'ERR_USAGE', message: `${file}: ${blamed}` });
  });

  it('about the command is the command line’s when the command is', async () => {
    const file = write({ command: ['ls'] });
    const error = new OptionError('command[0]', '', 'y');
    expect((await read({ file }, [''])).blame(error)).toBe(error);
  });

  it('of another kind stays as it is', async () => {
    const error = new Error('x');
    expect((await read({ file: write({ memory: '1G' }) })).blame(error)).toBe(error);
    expect((await read({})).blame(error)).toBe(error);
  });
});
