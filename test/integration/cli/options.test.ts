import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const directory = mkdtempSync(join(tmpdir(), 'corral-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const parse = (text: string): unknown => JSON.parse(text);

function write(name: string, content: string | object): string {
  const path = join(directory, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('--env-file', () => {
  const file = write('jobs.env', '# a comment\nA=from file\nB=from file\nPASSED\nUNSET_HERE\n');

  it('gives variables to run and exec; -e counts more, wherever it stands', async () => {
    const script = 'echo "$A/$B/$PASSED/${UNSET_HERE-none}"';
    const env = { PASSED: 'by the caller', UNSET_HERE: undefined };
    const flags = ['-e', 'B=from flag', '--env-file', file];
    expect(await lab.run([...flags, 'sh', '-c', script], { env })).toMatchObject({
      stdout: 'from file/from flag/by the caller/none\n',
      stderr: '',
    });
    await lab.box('web');
    expect(await lab.corral(['exec', ...flags, 'web', 'sh', '-c', script], { env })).toMatchObject({
      stdout: 'from file/from flag/by the caller/none\n',
    });
  });

  it('names file and line of what makes no sense, never a value', async () => {
    const wrong = write('wrong.env', 'A=1\nMY KEY=secret\n');
    const ended = await lab.run(['--env-file', wrong, 'true']);
    expect(ended).toMatchObject({ code: 125, stdout: '' });
    expect(ended.stderr).toMatch(new RegExp(`^corral: --env-file ${wrong}:2: "MY KEY" is not a name: `));
    expect(ended.stderr).not.toContain('secret');
    // Node itself looks for that flag, behind the script's name as well, and gives up before corral has begun.
    const missing = await lab.run(['--env-file', '/no/such.env', 'true']);
    expect(missing.stderr).toMatch(/: \/no\/such.env: not found\n$|^corral: open \/no\/such.env: ENOENT/);
    expect([9, 125]).toContain(missing.code);
    expect(await lab.run(['--label-file', directory, 'true'])).toMatchObject({
      code: 125,
      stderr: `corral: read ${directory}: EISDIR (illegal operation on a directory)\n`,
    });
  });
});

describe('labels', () => {
  it('are shown by ps, and chosen by', async () => {
    const file = write('labels', 'team=core\nnightly\n');
    const web = await lab.box('web', ['-l', 'job=7', '--label-file', file]);
    await lab.box('db', ['--label', 'job=8']);
    await lab.box('db-2', ['--isolation', 'cgroup', '--label', 'job=8']);
    expect(parse((await lab.corral(['ps', '--json'])).stdout)).toMatchObject([
      { id: 'db', labels: { job: '8' } },
      { id: 'db-2', labels: { job: '8' } },
      { id: 'web', labels: { job: '7', team: 'core', nightly: '' } },
    ]);
    const names = async (...filters: readonly string[]): Promise<string> =>
      (await lab.corral(['ps', '-q', ...filters.flatMap((filter) => ['--filter', filter])])).stdout;
    expect(await names('label=job')).toBe('db\ndb-2\nweb\n');
    expect(await names('label=job=8', 'name=^db$')).toBe('db\n');
    expect(await names('label=nightly', 'status=running')).toBe('web\n');
    expect(await names('status=paused')).toBe('');
    const killed = await lab.corral(['kill', '--filter', 'label=job=7']);
    expect(killed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web: .* killed/) as unknown });
    expect(await web.ended).toMatchObject({ code: 137 });
    expect(await names()).toBe('db\ndb-2\n');
    expect(await lab.corral(['kill', '--filter', 'label=job=7'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('that are corral’s own are refused', async () => {
    expect(await lab.run(['-l', 'dev.corral.init=no', 'true'])).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/^corral: --label: "dev.corral.init" is not free: /) as unknown,
    });
  });
});

describe('--cidfile', () => {
  it('holds the name once the container runs, and stays', async () => {
    const path = join(directory, 'web.id');
    const started = lab.start(lab.runWords(['--cidfile', path, '--', 'sleep', '1000']));
    await until(() => existsSync(path) && readFileSync(path, 'utf8') !== '', 'the file is written');
    const id = readFileSync(path, 'utf8');
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    expect((await lab.corral(['ps', '-q'])).stdout).toBe(`${id}\n`);
    expect(await lab.corral(['kill', id])).toMatchObject({ code: 0 });
    expect(await started.ended).toMatchObject({ code: 137 });
    expect(readFileSync(path, 'utf8')).toBe(id);
  });

  it('that is there already keeps everything from starting', async () => {
    const path = write('taken.id', 'other');
    expect(await lab.run(['--cidfile', path, 'echo', 'ran'])).toMatchObject({
      code: 125,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^corral: make ${path}: EEXIST \\(file already exists\\)\nhint: .*\n$`),
      ) as unknown,
    });
    expect(readFileSync(path, 'utf8')).toBe('other');
  });

  it('goes when the start fails', async () => {
    const path = join(directory, 'failed.id');
    expect(await lab.run(['--cidfile', path, 'no-such-program'])).toMatchObject({ code: 127 });
    expect(await lab.run(['--cidfile', path, '--memory', '1Q', 'true'])).toMatchObject({ code: 125 });
    expect(existsSync(path)).toBe(false);
    expect(await lab.run(['--cidfile', '/no/such/dir/id', 'true'])).toMatchObject({
      code: 125,
      stderr: 'corral: make /no/such/dir/id: ENOENT (no such file or directory)\n',
    });
  });

  it('that cannot be written takes the container along', async () => {
    expect(await lab.run(['--cidfile', '/dev/full', 'true'])).toMatchObject({ code: 125 });
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('');
  });
});

describe('--quiet', () => {
  it('says nothing about memory', async (context) => {
    requires(context, { controllers: ['memory'] });
    const hog = ['-m', '32M', '--', 'tail', '/dev/zero'];
    expect((await lab.run(hog)).stderr).toContain('ran out of memory');
    expect(await lab.run(['-q', ...hog])).toMatchObject({ code: 137, stderr: '' });
  });

  it.each([
    ['run', 3],
    ['exec', 2],
  ])('%s: kills without a word', async (verb, times) => {
    await lab.box('web');
    const script = 'trap "" TERM; echo ready; while :; do sleep 0.05; done';
    const words = verb === 'run' ? lab.runWords(['-q', 'sh', '-c', script]) : ['exec', '-q', 'web', 'sh', '-c', script];
    const started = lab.start(words);
    await until(() => started.output() === 'ready\n', 'it runs');
    for (let sent = 0; sent < times; sent++) {
      started.process.kill('SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await started.ended).toMatchObject({ code: 137, stderr: '' });
  });
});

describe('-f corral.json', () => {
  it('is the command and its options; flags override them or add to them', async () => {
    write('project/data/here', 'the data');
    const file = write('project/corral.json', {
      command: ['sh', '-c', 'cat /data/here; echo " $A$B"; hostname; umask'],
      volumes: ['data:/data:ro'],
      env: { A: 'file', B: 'file' },
      hostname: 'inside',
      umask: '027',
      timeout: '30s',
    });
    expect(await lab.run(['-f', file])).toMatchObject({ code: 0, stdout: 'the data filefile\ninside\n0027\n' });
    const flags = ['-e', 'B=flag', '--hostname', 'elsewhere', '-v', `${directory}/project:/more`];
    expect(await lab.run([...flags, '-f', file])).toMatchObject({
      stdout: 'the data fileflag\nelsewhere\n0027\n',
    });
    expect(await lab.run([...flags, '-f', file, '--', 'ls', '/more', '/data'])).toMatchObject({
      stdout: '/data:\nhere\n\n/more:\ncorral.json\ndata\n',
    });
    expect(await lab.run(['-f', file, '--timeout', '100ms', 'sleep', '100'])).toMatchObject({ code: 124 });
  });

  it('is standard input for -', async () => {
    const input = JSON.stringify({ command: ['echo', 'hello'] });
    expect(await lab.run(['-f', '-'], { input })).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect(await lab.run(['-f', '-'], { input: '{' })).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/^corral: standard input:1:2: /) as unknown,
    });
  });

  it('is planned as it is run', async () => {
    const file = write('plan.json', { command: ['echo', 'hi'], name: 'planned', labels: { a: 'b' } });
    const { code, stdout } = await lab.corral(['plan', '-f', file, '--cgroup-parent', lab.cgroupParent]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/exec echo +\[hi\]\n/);
    expect(stdout).toContain('/planned\n');
  });

  it.each<[content: object, message: RegExp]>([
    [{ memroy: '1G' }, /: "memroy" is not an option\nhint: did you mean memory\?\n$/],
    [{ memory: '12Q' }, /: memory: "12Q" is not a size such as 256M or 1.5G\n$/],
    [{ volumes: ['/a:/b', '/c'] }, /: volumes\/1: "\/c" is not of the form SRC:DST\[:ro\|rw\]\n$/],
    [{ user: 'no-such-user' }, /: user: "no-such-user" is not a user/],
    [{ command: [] }, /: command: \[\] is not a command: give at least a program\n$/],
    [{ timeout: -5, command: ['true'] }, /: timeout: -5 is not a number of milliseconds/],
    [{}, /^corral: COMMAND is missing\nhint: .* has no "command" either\n$/],
  ])('%j is refused with the file and the field', async (content, message) => {
    const file = write(
      'wrong.json',
      'memroy' in content || Object.keys(content).length === 0 ? content : { command: ['true'], ...content },
    );
    const ended = await lab.run(['-f', file]);
    expect(ended).toMatchObject({ code: 125, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toContain(file);
    expect(await lab.corral(['plan', '-f', file])).toMatchObject({ code: 2, stderr: ended.stderr });
  });
});
