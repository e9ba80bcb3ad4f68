import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

interface Entry {
  readonly level: string;
  readonly msg: string;
  readonly time: string;
}

const read = (file: string): readonly Entry[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);

describe('the log', () => {
  it('as JSON is what engines parse: level, msg and time, a line each', () => {
    const file = join(oci.lab.directory(), 'log.json');
    const log = ['--log', file, '--log-format', 'json'];
    const { code, stderr } = oci.call(...log, 'state', 'nobody');
    // Those who read neither see it on standard error.
    expect([code, stderr]).toEqual([1, 'container does not exist\n']);
    oci.call(...log, 'kill', 'nobody', 'TERM');
    const entries = read(file);
    expect(entries.map(({ level, msg }) => [level, msg])).toEqual([
      ['error', 'container does not exist'],
      ['error', 'container does not exist'],
    ]);
    for (const entry of entries) {
      expect(Object.keys(entry).sort()).toEqual(['level', 'msg', 'time']);
      expect(entry.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    }
  });

  it('as JSON without a file goes to standard error', () => {
    const { stderr } = oci.call('--log-format', 'json', 'state', 'nobody');
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', msg: 'container does not exist' });
  });

  it('as text has lines of the same words', () => {
    const file = join(oci.lab.directory(), 'log');
    oci.call('--log', file, 'state', 'nobody');
    expect(readFileSync(file, 'utf8')).toMatch(/^time="[^"]+" level=error msg="container does not exist"\n$/);
  });

  it('has what is wrong with the command line, too', () => {
    const file = join(oci.lab.directory(), 'log.json');
    const { code, stderr } = oci.call('--log', file, '--log-format', 'json', 'state', '--nope', 'x');
    expect(code).toBe(1);
    expect(stderr).toBe("unknown option '--nope'\n");
    expect(read(file)).toMatchObject([{ level: 'error', msg: "unknown option '--nope'" }]);
  });

  it('has warnings, which are no errors', () => {
    const file = join(oci.lab.directory(), 'log.json');
    const { id, directory } = oci.bundle({ process: { capabilities: { bounding: ['CAP_FLY'] } } });
    expect(oci.ok('--log', file, '--log-format', 'json', 'create', '--bundle', directory, id)).toBe('');
    expect(read(file)).toMatchObject([{ level: 'warning', msg: expect.stringMatching(/CAP_FLY/) as unknown }]);
  });

  it('tells more with --debug, and nothing of that without it', () => {
    const file = join(oci.lab.directory(), 'log.json');
    const log = ['--log', file, '--log-format', 'json'];
    const { id, directory } = oci.bundle();
    oci.ok(...log, '--debug', 'create', '--bundle', directory, id);
    expect(read(file)).toMatchObject([
      {
        level: 'debug',
        msg: `create ["${id}"] with {"pivot":true,"newKeyring":true,"subreaper":true,"bundle":"${directory}"}`,
      },
      { level: 'debug', msg: 'create has ended with 0' },
    ]);
    writeFileSync(file, '');
    oci.ok(...log, 'start', id);
    expect(read(file)).toEqual([]);
    oci.call(...log, '--debug', 'state', 'nobody');
    expect(read(file).map(({ level }) => level)).toEqual(['debug', 'debug', 'error']);
    expect(read(file)[1]?.msg).toMatch(/NotFoundError.*\n +at /);
  });

  it('that cannot be written keeps nobody from anything, and is told of', () => {
    const log = ['--log', '/no/such/log', '--log-format', 'json'];
    const { code, stderr } = oci.call(...log, 'state', 'nobody');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^container does not exist\n\{"level":"error".*\}\ncorral-oci: log: ENOENT: .*\/no\/such\/log'\n$/,
    );
    const { id, directory } = oci.bundle({ process: { capabilities: { bounding: ['CAP_FLY'] } } });
    expect(oci.call(...log, 'create', '--bundle', directory, id)).toMatchObject({ code: 0 });
    expect(oci.call(...log, 'delete', id)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the command line', () => {
  it.for([
    [['nope'], "unknown command 'nope'"],
    [['--nope', 'list'], "unknown option '--nope'"],
    [['list', '--nope'], "unknown option '--nope'"],
    [['exec', '--nope', 'x', 'true'], "unknown option '--nope'"],
    [['list', 'word'], 'too many arguments'],
    [['state'], "missing required argument 'container-id'"],
    [['state', 'a', 'b'], 'too many arguments'],
    [['--log-format', 'yaml', 'list'], '"yaml" is not text or json'],
    [['list', '--format', 'yaml'], 'Allowed choices are table, json'],
    [['ps', '--format', 'yaml', 'x'], 'Allowed choices are table, json'],
    [['update', '--memory', '3Q', 'x'], '"3Q" is not a size'],
    [['update', '--pids-limit', 'many', 'x'], '"many" is not a whole number'],
    [['events', '--interval', '5', 'x'], '"5" is not a time'],
    [['events', '--interval', '0s', 'x'], '"0s" is not a time'],
    [['--root'], "option '--root <DIR>' argument missing"],
  ] as const)('%j is refused', ([words, message]) => {
    oci.refuses(words, message);
  });

  it('without a verb shows its help, and fails', () => {
    const { code, stderr } = oci.call();
    expect(stderr).toMatch(/^Usage: corral-oci/);
    expect(code).toBe(1);
  });

  it('--help and --version end well', () => {
    expect(oci.ok('--help')).toMatch(/^Usage: corral-oci/);
    expect(oci.ok('create', '--help')).toMatch(/--console-socket <SOCKET>/);
    expect(oci.ok('--version')).toMatch(/^corral-oci version \d+\.\d+\.\d+\nspec: 1\.3\.0\n$/);
    expect(oci.ok('-v')).toBe(oci.ok('--version'));
  });

  it('takes --rootless, --debug and --systemd-cgroup with any verb', () => {
    for (const flag of [['--rootless', 'true'], ['--rootless=auto'], ['--debug'], ['--systemd-cgroup']]) {
      expect(oci.ok(...flag, 'list', '--quiet')).toBe('');
    }
  });
});

const IDS: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['a dot', '.'],
  ['two dots', '..'],
  ['a leading dot', '.hidden'],
  ['a path', 'a/b'],
  ['a path upwards', '../escape'],
  ['an absolute path', '/etc/passwd'],
  ['a space', 'a b'],
  ['a newline', 'a\nb'],
  ['an umlaut', 'bücher'],
  ['a shell’s metacharacter', 'a;b'],
  ['a percent sign', 'a%20b'],
  ['an at sign', 'a@b'],
  ['too long', 'x'.repeat(300)],
];

describe('an id', () => {
  it.for(IDS)('is not %s', ([, id]) => {
    const { directory } = oci.bundle();
    oci.refuses(['create', '--bundle', directory, '--', id], /^corral-oci: id: .* is not a container id/);
    oci.refuses(['state', '--', id], /^corral-oci: id: .* is not a container id/);
    oci.refuses(['delete', '--force', '--', id], /^corral-oci: id: .* is not a container id/);
  });

  it.for(['a', '0', '_', '+x', 'A.b-c_d+e', '-dash', 'x'.repeat(200)])('may be %j', (id) => {
    const { directory } = oci.bundle();
    try {
      oci.ok('create', '--bundle', directory, '--', id);
      expect(JSON.parse(oci.ok('state', '--', id))).toMatchObject({ id, status: 'created' });
    } finally {
      oci.ok('delete', '--force', '--', id);
    }
  });
});

describe('a bundle', () => {
  it.for([
    ['is not there', undefined, /config\.json: no such file or directory/],
    ['is empty', '', /JSON/],
    ['is no JSON', '{', /JSON/],
    ['is a list', '[]', /is not an object/],
    ['is of no version', '{}', /\/ociVersion/],
    ['is of version 2', '{"ociVersion":"2.0.0"}', /\/ociVersion: "2\.0\.0"/],
    ['has no root', '{"ociVersion":"1.0.0"}', /\/root: undefined/],
    ['ends with rubbish', '{"ociVersion":"1.0.0"} x', /JSON/],
    ['has a NUL byte', '{"ociVersion":"1.0.0\0"}', /./],
  ] as const)('whose config.json %s is refused, and leaves nothing', ([, text, words]) => {
    const { id, directory } = oci.bundle();
    const file = join(directory, 'config.json');
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
    oci.refuses(['create', '--bundle', directory, id], words);
    oci.refuses(['run', '--bundle', directory, id], words);
    oci.refuses(['state', id], 'container does not exist');
  });

  it.for([
    [{ process: { cwd: 'relative' } }, '/process/cwd: "relative"'],
    [{ process: { args: [] } }, '/process/args'],
    [{ process: { user: { uid: -1, gid: 0 } } }, '/process/user/uid'],
    [{ process: { rlimits: [{ type: 'RLIMIT_FUN', soft: 1, hard: 1 }] } }, '/process/rlimits/0/type'],
    [{ linux: { namespaces: [{ type: 'pid' }, { type: 'pid' }] } }, '/linux/namespaces'],
    [{ linux: { intelRdt: { closID: 'x' } } }, '/linux/intelRdt'],
  ] as const)('with %j is refused, by the field’s pointer', ([wish, pointer]) => {
    const { id, directory } = oci.bundle(wish);
    oci.refuses(['create', '--bundle', directory, id], pointer);
    oci.refuses(['state', id], 'container does not exist');
  });
});

describe('--root', () => {
  it('keeps containers apart', () => {
    const { id } = oci.create();
    const other = oci.lab.directory();
    expect(oci.call('--root', other, 'state', id)).toMatchObject({ code: 1 });
    expect(oci.ok('--root', other, 'list', '--quiet')).toBe('');
    expect(oci.ok('list', '--quiet')).toBe(`${id}\n`);
  });

  it('is made when it is missing, for nobody else', () => {
    const root = join(oci.lab.directory(), 'new', 'root');
    const { id, directory } = oci.bundle();
    oci.ok('--root', root, 'create', '--bundle', directory, id);
    try {
      expect(JSON.parse(oci.ok('--root', root, 'state', id))).toMatchObject({ id });
    } finally {
      oci.ok('--root', root, 'delete', id);
    }
  });
});
