import { readdirSync } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { makeBoxes } from '../../helpers/boxes.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const { box, sh } = makeBoxes(lab);
const { containers } = lab;

const at = ({ id }: Container, path: string): { container: string; path: string } => ({ container: id, path });

type Header = Parameters<ReturnType<typeof pack>['entry']>[0];

/** An archive of these entries; text is the content of a file. */
async function archive(entries: readonly (Header & { readonly text?: string })[]): Promise<Readable> {
  const packed = pack();
  for (const { text, ...header } of entries) packed.entry(header, text ?? '');
  packed.finalize();
  return Readable.from([await buffer(packed)]);
}

/** What an archive holds: a line for each entry. */
async function list(bytes: Buffer): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const entry of Readable.from([bytes]).pipe(extract())) {
    const { name, type, mode, uid, gid, linkname } = entry.header;
    const content = (await buffer(entry)).toString();
    lines.push(
      [name, type, mode.toString(8), `${uid}:${gid}`, linkname ? linkname : '-', content.slice(0, 20)].join(' '),
    );
  }
  return lines.sort();
}

async function packed(container: Container, path: string): Promise<Buffer> {
  const output = new PassThrough();
  const [bytes, { leftOut }] = await Promise.all([buffer(output), containers.copy(at(container, path), output)]);
  expect(leftOut).toEqual([]);
  return bytes;
}

describe('an archive of a container’s files', () => {
  it('has names, modes, owners as the container sees them, links of both kinds, FIFOs', async () => {
    const container = await box(`
      mkdir -p /srv/d/sub; cd /srv/d; echo content > file; ln file sub/hard; ln -s ../file sub/soft; mkfifo pipe
      chown 7:8 file; chmod 4750 file; touch none; chmod 0 none`);
    expect(await list(await packed(container, '/srv/d'))).toEqual([
      'd/ directory 755 0:0 - ',
      'd/file file 4750 7:8 - content\n',
      'd/none file 0 0:0 - ',
      'd/pipe fifo 644 0:0 - ',
      'd/sub/ directory 755 0:0 - ',
      'd/sub/hard link 4750 7:8 d/file ',
      'd/sub/soft symlink 777 0:0 ../file ',
    ]);
    expect((await list(await packed(container, '/srv/d/.')))[1]).toBe('./file file 4750 7:8 - content\n');
    expect(await list(await packed(container, '/srv/d/file'))).toEqual(['file file 4750 7:8 - content\n']);
  });

  it('holds what headers are too small for', async () => {
    const long = `${'x'.repeat(100)}/${'y'.repeat(200)}`;
    const container = await box(
      `cd /srv; mkdir -p ${long}; ln -s ${long} soft; touch -d '2100-01-01 UTC' late; chown 65000:65001 late`,
    );
    const bytes = await packed(container, '/srv/.');
    expect((await list(bytes)).join('\n')).toContain(`./${long}/ directory`);
    await containers.copy(Readable.from([bytes]), at(container, '/tmp'), { archive: true });
    expect(await sh(container, 'cd /tmp; readlink soft; stat -c "%u:%g %Y" late')).toBe(
      `${long}\n65000:65001 4102444800\n`,
    );
  });

  it('whose reader goes away is an error, not a hang', async () => {
    const container = await box('head -c 5000000 /dev/zero > /srv/zeros');
    let taken = 0;
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length;
        done(taken > 1_000_000 ? new Error('enough') : null);
      },
    });
    await expect(containers.copy(at(container, '/srv/zeros'), output)).rejects.toThrow('enough');
  });

  it('of a file that grows has the size that its header says', async () => {
    const container = await box('(while :; do echo line >> /srv/log; done) & sleep 0.1');
    for (const line of await list(await packed(container, '/srv/log')))
      expect(line).toMatch(/^log file 644 0:0 - line/);
  });
});

describe('an archive that is unpacked', () => {
  it('makes what it holds, and the directories that it leaves out', async () => {
    const container = await box();
    const now = new Date('2001-02-03T04:05:06Z');
    const source = await archive([
      { name: './', type: 'directory', mode: 0o700 },
      { name: 'a/', type: 'directory', mode: 0o500, mtime: now },
      { name: 'a/file', text: 'content', mode: 0o640, uid: 7, gid: 8, mtime: now },
      { name: 'b/c/file', text: 'deep' },
      { name: 'soft', type: 'symlink', linkname: 'a/file' },
      { name: 'hard', type: 'link', linkname: 'a/file' },
      { name: 'pipe', type: 'fifo', mode: 0o600 },
      { name: '/absolute', text: 'inside' },
    ]);
    expect(await containers.copy(source, at(container, '/srv'))).toEqual({ leftOut: [] });
    expect(
      await sh(container, 'cd /srv; stat -c "%n %a %u:%g %h %F" a a/file b/c hard pipe; cat b/c/file soft absolute'),
    ).toBe(
      [
        'a 500 0:0 2 directory',
        'a/file 640 0:0 2 regular file',
        'b/c 755 0:0 2 directory',
        'hard 640 0:0 2 regular file',
        'pipe 600 0:0 1 fifo',
        'deepcontentinside',
      ].join('\n'),
    );
    expect(await sh(container, 'date -u +%F -r /srv/a; date -u +%F -r /srv/a/file')).toBe('2001-02-03\n2001-02-03\n');
  });

  it('keeps owners with archive', async () => {
    const container = await box();
    const entries = [{ name: 'file', text: '', uid: 7, gid: 8, mode: 0o4755 }];
    await containers.copy(await archive(entries), at(container, '/srv'), { archive: true });
    expect(await sh(container, 'stat -c "%u:%g %a" /srv/file')).toBe('7:8 4755\n');
  });

  it('goes through links of the container, which lead nowhere but there', async (context) => {
    // Another user's containers cannot write to their copies of the host's directories, which belong to ids they lack.
    requires(context, { root: true });
    const victim = lab.directory();
    const container = await box(`ln -s ${victim} /srv/link`);
    const source = await archive([
      { name: 'link/x', text: 'mine' },
      { name: 'own', type: 'symlink', linkname: victim },
      { name: 'own/y', text: 'mine' },
    ]);
    await containers.copy(source, at(container, '/srv'));
    expect(await sh(container, `cat ${victim}/x ${victim}/y`)).toBe('minemine');
    expect(await sh(container, 'readlink /srv/link /srv/own')).toBe(`${victim}\n${victim}\n`);
    expect(readdirSync(victim)).toEqual([]);
  });

  it.each([['../x'], ['a/../../x'], ['a/..']])('with the name %j is refused', async (name) => {
    const container = await box();
    const source = await archive([{ name, text: '' }]);
    await expect(containers.copy(source, at(container, '/srv'))).rejects.toMatchObject({ code: 'ERR_ARCHIVE' });
  });

  it('leaves devices out', async () => {
    const container = await box();
    const source = await archive([{ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }]);
    expect(await containers.copy(source, at(container, '/srv'))).toEqual({
      leftOut: [{ path: 'null', reason: 'a device', missed: true }],
    });
  });

  it.each([
    ['that is none', 'x'.repeat(2000), /Invalid tar header/],
    ['that ends early', undefined, /Unexpected end of data/],
  ])('%s is an error', async (_, text, message) => {
    const container = await box();
    const whole = await buffer(await archive([{ name: 'file', text: 'x'.repeat(5000) }]));
    const source = Readable.from([text === undefined ? whole.subarray(0, 2000) : Buffer.from(text)]);
    await expect(containers.copy(source, at(container, '/srv'))).rejects.toThrow(message);
  });

  it('wants a directory that is there', async () => {
    const container = await box('echo > /srv/file');
    for (const [path, code] of [
      ['/srv/no', 'ENOENT'],
      ['/srv/file', 'ENOTDIR'],
    ] as const)
      await expect(containers.copy(await archive([]), at(container, path))).rejects.toMatchObject({ code });
    await expect(containers.copy(await archive([]), '/tmp')).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });
});
