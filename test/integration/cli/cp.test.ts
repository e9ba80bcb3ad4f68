import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const directory = mkdtempSync(join('/var/tmp', 'corral-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('corral cp', () => {
  it('copies into a container and out of it', async () => {
    await lab.box('web');
    writeFileSync(join(directory, 'a:b'), 'content');
    expect(await lab.corral(['cp', './a:b', 'web:/srv/x'], { cwd: directory })).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    expect((await lab.corral(['exec', 'web', 'cat', '/srv/x'])).stdout).toBe('content');
    expect(await lab.corral(['cp', 'web:/srv/.', 'out'], { cwd: directory })).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(directory, 'out/x'), 'utf8')).toBe('content');
    expect(await lab.corral(['cp', 'web:srv/x', 'web:/srv/y'])).toMatchObject({ code: 0, stderr: '' });
    expect((await lab.corral(['exec', 'web', 'cat', '/srv/y'])).stdout).toBe('content');
  });

  it('reads and writes archives as tar does', async () => {
    await lab.box('web');
    const tree = join(directory, 'tree');
    mkdirSync(join(tree, 'sub'), { recursive: true });
    writeFileSync(join(tree, 'sub/file'), 'content');
    const script =
      'tar -C "$1" -c . | node "$2" --state-dir "$3" cp - web:/srv && node "$2" --state-dir "$3" cp web:/srv/sub - | tar -C "$1" -x --transform "s/sub/back/"';
    const main = new URL('../../../dist/cli/corral.cjs', import.meta.url).pathname;
    const { status, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', script, 'x', tree, main, lab.stateDir], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readFileSync(join(tree, 'back/file'), 'utf8')).toBe('content');
  });

  it('names what it leaves out, and fails when that will be missed', async () => {
    await lab.box(
      'web',
      [],
      [
        'perl',
        '-MSocket',
        '-e',
        'mkdir "/srv/d"; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("/srv/d/sock")); sleep 1000',
      ],
    );
    expect(await lab.corral(['cp', 'web:/srv/d', directory])).toMatchObject({
      code: 0,
      stderr: 'corral: note: web:/srv/d/sock is left out: a socket\n',
    });
    expect(await lab.corral(['cp', 'web:/dev/zero', directory])).toMatchObject({
      code: 1,
      stderr: 'corral: note: web:/dev/zero is left out: a device\n',
    });
  });

  it.each<[words: readonly string[], code: number, message: string]>([
    [['cp'], 2, 'SRC is missing\nhint: see corral cp --help'],
    [['cp', 'a'], 2, 'DST is missing'],
    [['cp', 'a', 'b'], 2, 'neither SRC nor DST is in a container\nhint: write it as NAME:PATH'],
    [['cp', './a:b', '/c:d'], 2, 'neither SRC nor DST is in a container'],
    [['cp', '-', '-'], 2, 'SRC and DST cannot both be -'],
    [['cp', '-', '/tmp'], 2, 'neither SRC nor DST is in a container'],
    [['cp', 'web:', '/tmp'], 2, 'web: names no path\nhint: web:/ is all of it'],
    [['cp', 'web:/etc/hostname', ''], 2, 'path: "" is not a path'],
    [['cp', '../x:/y', 'web:/x'], 1, 'open ../x:/y: ENOENT (no such file or directory)'],
    [['cp', '/etc/hostname', 'nobody:/x'], 1, 'container "nobody" does not exist'],
    [['cp', '/no/such', 'web:/x'], 1, 'open /no/such: ENOENT (no such file or directory)'],
    [['cp', 'web:/no/such', '/tmp'], 1, 'open web:/no/such: ENOENT (no such file or directory)'],
    [['cp', 'web:/etc/hostname', '/no/such/dir/'], 1, 'copy to /no/such/dir/: ENOENT (no such file or directory)'],
  ])('%j is refused', async (words, code, message) => {
    if (/ENOENT|^path/.test(message)) await lab.box('web');
    const ended = await lab.corral(words);
    expect(ended.stderr.startsWith(`corral: ${message}`), ended.stderr).toBe(true);
    expect(ended).toMatchObject({ code, stdout: '' });
  });
});
