import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CopyReport } from '../../../src/container/copy/copy.js';
import type { Container } from '../../../src/container/container.js';
import { makeBoxes } from '../../helpers/boxes.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const { box, sh } = makeBoxes(lab);
const { containers } = lab;

const at = ({ id }: Container, path: string): { container: string; path: string } => ({ container: id, path });

/** A directory of the host with a file, a directory with a file in it, and a link. */
function makeSource(): string {
  const directory = join(lab.directory(), 'src');
  mkdirSync(join(directory, 'sub'), { recursive: true });
  writeFileSync(join(directory, 'file'), 'content');
  writeFileSync(join(directory, 'sub/deep'), 'deep');
  symlinkSync('../nowhere', join(directory, 'sub/link'));
  return directory;
}

const NOTHING_LEFT: CopyReport = { leftOut: [] };

describe('a copy into a container, by the rules of docker', () => {
  it.each<[what: string, source: string, target: string, files: string]>([
    ['a file to a new name', 'file', '/srv/new', '/srv/new'],
    ['a file to a file', 'file', '/srv/there', '/srv/there'],
    ['a file to a directory', 'file', '/srv/dir', '/srv/dir/file'],
    ['a file to a directory with a slash', 'file', '/srv/dir/', '/srv/dir/file'],
    ['a file to a path that does not begin with a slash', 'file', 'srv/new', '/srv/new'],
    ['a file through a link to a directory', 'file', '/srv/to-dir', '/srv/dir/file'],
    ['a file through a link to a file', 'file', '/srv/to-there', '/srv/there'],
    ['a file through a link that leads to nothing yet', 'file', '/srv/to-nothing', '/srv/nothing'],
    ['a directory to a new name', '', '/srv/new', '/srv/new/file /srv/new/sub/deep'],
    ['a directory to a new name with a slash', '', '/srv/new/', '/srv/new/file /srv/new/sub/deep'],
    ['a directory into a directory', '', '/srv/dir', '/srv/dir/src/file /srv/dir/src/sub/deep'],
    ['what is in a directory into a directory', '.', '/srv/dir', '/srv/dir/file /srv/dir/sub/deep'],
    ['what is in a directory to a new name', '.', '/srv/new', '/srv/new/file /srv/new/sub/deep'],
  ])('%s', async (_, name, target, files) => {
    const container = await box(
      'cd /srv; mkdir dir; echo old > there; ln -s dir to-dir; ln -s there to-there; ln -s nothing to-nothing',
    );
    const source = `${makeSource()}${name === '' ? '' : `/${name}`}`;
    expect(await containers.copy(source, at(container, target))).toEqual(NOTHING_LEFT);
    expect(await sh(container, `cat ${files}`)).toBe(files.includes(' ') ? 'contentdeep' : 'content');
    expect((await sh(container, 'cd /srv; for l in to-*; do test -L $l && echo $l; done')).split('\n')).toHaveLength(4);
  });

  it.each<[what: string, source: string, target: string, message: string]>([
    ['a file to a directory that is not there', 'file', '/srv/no/', 'copy to :/srv/no/: ENOENT'],
    ['a file to below one that is not there', 'file', '/srv/no/x', 'copy to :/srv/no/x: ENOENT'],
    ['a file to a file with a slash', 'file', '/srv/there/', 'copy to :/srv/there/: ENOTDIR'],
    ['a directory to a file', '', '/srv/there', 'copy to :/srv/there: ENOTDIR'],
    ['a file over a directory of its name', 'file', '/srv/dir2', 'make :/srv/dir2/file: EISDIR'],
    ['a directory over a file of its name', '.', '/srv/dir3', 'make :/srv/dir3/sub: ENOTDIR'],
    ['a file as a directory', 'file/.', '/srv/new', 'file/.: ENOTDIR'],
    ['nothing', 'no', '/srv/new', 'no: ENOENT'],
    ['to a loop of links', 'file', '/srv/loop', 'copy to :/srv/loop: ELOOP'],
  ])('not %s', async (_, name, target, message) => {
    const container = await box('cd /srv; echo old > there; mkdir -p dir2/file dir3; echo > dir3/sub; ln -s loop loop');
    const source = `${makeSource()}${name === '' ? '' : `/${name}`}`;
    const said = (await containers.copy(source, at(container, target)).catch((error: unknown) => error)) as Error;
    expect(said).toMatchObject({ name: 'SyscallError' });
    expect(said.message.replaceAll(container.id, '')).toContain(message);
    expect(await sh(container, 'cat /srv/there')).toBe('old\n');
  });
});

describe('a copy keeps', () => {
  const at2001 = new Date('2001-02-03T04:05:06.789Z');

  it('modes, times, links, names and FIFOs, both ways', async (context) => {
    // Who else could read a file of mode 0, or add to a directory that may not be written?
    requires(context, { root: true });
    const source = makeSource();
    writeFileSync(join(source, 'ünï "q" \n code'), '');
    chmodSync(join(source, 'file'), 0o640);
    chmodSync(join(source, 'sub'), 0o1555);
    chmodSync(join(source, 'sub/deep'), 0);
    linkSync(join(source, 'file'), join(source, 'sub/also'));
    for (const name of ['sub', 'file', '']) utimesSync(join(source, name), at2001, at2001);
    const container = await box('mkfifo -m 600 /srv/fifo');
    await containers.copy(source, at(container, '/srv/in'));
    expect(await sh(container, 'mv /srv/fifo /srv/in; cd /srv/in; stat -c "%n %a %h" . f* sub sub/a* sub/deep')).toBe(
      ['. 755 3', 'fifo 600 1', 'file 640 2', 'sub 1555 2', 'sub/also 640 2', 'sub/deep 0 1', ''].join('\n'),
    );
    expect(await sh(container, 'cd /srv/in; date -u +%FT%T -r sub; date -u +%FT%T.%3N -r file')).toBe(
      '2001-02-03T04:05:06\n2001-02-03T04:05:06.789\n',
    );
    const target = join(lab.directory(), 'out');
    expect(await containers.copy(at(container, '/srv/in'), target)).toEqual(NOTHING_LEFT);
    expect(readdirSync(target).sort()).toEqual(['fifo', 'file', 'sub', 'ünï "q" \n code']);
    expect(lstatSync(join(target, 'fifo')).isFIFO()).toBe(true);
    expect(lstatSync(join(target, 'sub')).mode & 0o7777).toBe(0o1555);
    expect(lstatSync(join(target, 'sub/deep')).mode & 0o7777).toBe(0);
    expect(readlinkSync(join(target, 'sub/link'))).toBe('../nowhere');
    expect(statSync(join(target, 'file')).ino).toBe(statSync(join(target, 'sub/also')).ino);
    expect(statSync(join(target, 'file')).mtime).toEqual(at2001);
  });

  it('large contents, which do not count against the container’s memory limit', async (context) => {
    requires(context, { controllers: ['memory'] });
    const source = join(lab.directory(), 'large');
    const content = randomBytes(48 * 1024 * 1024);
    writeFileSync(source, content);
    const container = await box('true', { memory: '32M' });
    await containers.copy(source, at(container, '/srv/large'));
    const back = join(lab.directory(), 'back');
    await containers.copy(at(container, '/srv/large'), back);
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(hash(readFileSync(back))).toBe(hash(content));
  });

  it('a symbolic link as one, or with followLink what it leads to', async () => {
    const container = await box('echo content > /srv/file; ln -s file /srv/link');
    const directory = lab.directory();
    await containers.copy(at(container, '/srv/link'), join(directory, 'link'));
    expect(readlinkSync(join(directory, 'link'))).toBe('file');
    await containers.copy(at(container, '/srv/link'), join(directory, 'file'), { followLink: true });
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('content\n');
    await containers.copy(join(directory, 'link'), at(container, '/srv/copied'));
    expect(await sh(container, 'readlink /srv/copied')).toBe('file\n');
  });
});

describe('what is copied belongs', () => {
  it('to the container’s root, or the caller; with archive, to whom it did', async (context) => {
    requires(context, { root: true });
    const source = makeSource();
    chownSync(join(source, 'file'), 1000, 1001);
    chmodSync(join(source, 'file'), 0o6755);
    const container = await box();
    await containers.copy(join(source, 'file'), at(container, '/srv/plain'));
    await containers.copy(join(source, 'file'), at(container, '/srv/archive'), { archive: true });
    // Without the rights that went with the owner.
    expect(await sh(container, 'stat -c "%u:%g %a" /srv/plain /srv/archive')).toBe('0:0 755\n1000:1001 6755\n');
    const directory = lab.directory();
    await containers.copy(at(container, '/srv/archive'), join(directory, 'plain'));
    await containers.copy(at(container, '/srv/archive'), join(directory, 'archive'), { archive: true });
    const who = (name: string): readonly number[] => {
      const { uid, gid, mode } = statSync(join(directory, name));
      return [uid, gid, mode & 0o7777];
    };
    expect(who('plain')).toEqual([process.geteuid?.(), process.getegid?.(), 0o755]);
    expect(who('archive')).toEqual([1000, 1001, 0o6755]);
  });
});

describe('a container', () => {
  it('may be paused', async () => {
    const container = await box('echo content > /srv/file');
    await container.pause();
    const target = join(lab.directory(), 'file');
    await containers.copy(at(container, '/srv/file'), target);
    await containers.copy(target, at(container, '/srv/other'));
    await container.resume();
    expect(await sh(container, 'cat /srv/other')).toBe('content\n');
  });

  it('may be both ends, or share the host’s namespaces', async (context) => {
    requires(context, { root: true });
    const one = await box('echo content > /srv/file; chown 7:8 /srv/file');
    const other = await box('true', { userns: 'host' });
    const bare = await box('true', { isolation: 'cgroup' });
    await containers.copy(at(one, '/srv/file'), at(other, '/srv/file'), { archive: true });
    expect(await sh(other, 'stat -c %u:%g /srv/file; cat /srv/file')).toBe('7:8\ncontent\n');
    const path = join(lab.directory(), 'file');
    await containers.copy(at(other, '/srv/file'), at(bare, path));
    expect(readFileSync(path, 'utf8')).toBe('content\n');
    expect(existsSync('/srv/file')).toBe(false);
  });

  it('has to run, and to be there', async () => {
    const container = await box();
    await container.kill();
    await expect(containers.copy('/etc/hostname', at(container, '/srv'))).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    });
  });

  it('whose root filesystem is read-only, or that ends meanwhile, says so', async () => {
    const container = await box('true', { readOnly: true });
    await expect(containers.copy('/etc/hostname', at(container, '/srv/x'))).rejects.toMatchObject({
      message: `make ${container.id}:/srv/x: EROFS (read-only file system)`,
    });
  });
});
