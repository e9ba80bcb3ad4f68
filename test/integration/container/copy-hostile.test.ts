import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { makeBoxes } from '../../helpers/boxes.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const { box, sh } = makeBoxes(lab);
const { containers } = lab;

const at = ({ id }: Container, path: string): { container: string; path: string } => ({ container: id, path });
const SECRET = 'the host’s own';

/** A directory of the host that containers see by default, with a secret in it that each of them has covered with its own. */
function makeVictim(): { readonly directory: string; readonly script: string; readonly intact: () => void } {
  const directory = lab.directory();
  writeFileSync(join(directory, 'secret'), SECRET);
  chmodSync(directory, 0o755);
  return {
    directory,
    script: `cd ${directory}; echo "the container's" > secret`,
    intact: () => {
      expect(readdirSync(directory)).toEqual(['secret']);
      expect(readFileSync(join(directory, 'secret'), 'utf8')).toBe(SECRET);
    },
  };
}

// Another user's containers cannot cover what is in the host's directories: those, and so their copies, belong to ids they lack.
describe('a link in a container leads nowhere but in the container', () => {
  beforeEach((context) => requires(context, { root: true }));

  it.each([
    ['an absolute one', (to: string) => `ln -s ${to} /srv/link`],
    ['one that climbs', (to: string) => `ln -s ../../../../../../../../..${to} /srv/link`],
    ['one through another', (to: string) => `ln -s / /srv/top; ln -s top/..//${to} /srv/link`],
    ['one through /proc/self/cwd', (to: string) => `mkdir /srv/d; ln -s ${to} /srv/link`],
  ])('%s: when read', async (_, makeLink) => {
    const victim = makeVictim();
    const container = await box(`${victim.script}; ${makeLink(victim.directory)}`);
    const directory = lab.directory();
    await containers.copy(at(container, '/srv/link/secret'), join(directory, 'through'));
    await containers.copy(at(container, '/srv/link/'), join(directory, 'all'));
    await containers.copy(at(container, '/srv/link'), join(directory, 'followed'), { followLink: true });
    for (const name of ['through', 'all/secret', 'followed/secret'])
      expect(readFileSync(join(directory, name), 'utf8')).toBe("the container's\n");
    victim.intact();
  });

  it('when written', async () => {
    const victim = makeVictim();
    const links = `ln -s ${victim.directory} /srv/dir; ln -s ${victim.directory}/secret /srv/file; ln -s ${victim.directory}/new /srv/new`;
    const container = await box(`${victim.script}; ${links}`);
    const source = join(lab.directory(), 'x');
    writeFileSync(source, 'mine');
    for (const target of ['/srv/dir', '/srv/dir/', '/srv/dir/y', '/srv/file', '/srv/new'])
      await containers.copy(source, at(container, target));
    expect(await sh(container, `cd ${victim.directory}; cat secret new x y`)).toBe('mine'.repeat(4));
    victim.intact();
  });

  it('nor does a path with many dots, nor one of /proc', async () => {
    const victim = makeVictim();
    const container = await box(victim.script);
    const directory = lab.directory();
    await containers.copy(at(container, `/../../../..${victim.directory}/secret`), join(directory, 'dots'));
    expect(readFileSync(join(directory, 'dots'), 'utf8')).toBe("the container's\n");
    for (const path of ['/proc/1/root/etc/hostname', '/proc/self/root/etc/hostname', '/proc/self/cwd/etc/hostname'])
      await expect(containers.copy(at(container, path), directory)).rejects.toThrow(/ELOOP|EACCES|ENOENT/);
    await expect(
      containers.copy(at(container, '/proc/1/exe'), join(directory, 'exe'), { followLink: true }),
    ).rejects.toThrow();
    expect(readdirSync(directory)).toEqual(['dots']);
  });

  it('and what the host hides stays hidden', async () => {
    const container = await box();
    const directory = lab.directory();
    await containers.copy(at(container, '/etc/shadow'), directory);
    expect(readFileSync(join(directory, 'shadow'), 'utf8')).toBe('');
    expect(readFileSync('/etc/shadow', 'utf8')).not.toBe('');
  });
});

describe('a container that swaps directories for links all the time', () => {
  const SWAP = (to: string): string => `
    mkdir -p /srv/real/sub /srv/race; echo "the container's" > /srv/real/sub/secret; ln -s ${to} /srv/link; cd /srv
    perl -e 'while (1) { rename "real", "race/sub"; rename "race/sub", "real"; rename "link", "race/sub"; rename "race/sub", "link" }' &`;

  it('gets nothing of the host’s out, and nothing in', async () => {
    const victim = makeVictim();
    const container = await box(`${victim.script}; ${SWAP(victim.directory)}`);
    const source = join(lab.directory(), 'tree');
    mkdirSync(join(source, 'sub'), { recursive: true });
    for (const name of ['secret', 'sub/secret', 'sub/evil']) writeFileSync(join(source, name), 'mine');
    const seen = new Set<string>();
    for (let round = 0; round < 40; round++) {
      const directory = lab.directory();
      await containers.copy(at(container, '/srv/race'), directory).catch(() => undefined);
      for (const path of ['race/sub/secret', 'race/sub/sub/secret']) seen.add(readIfThere(join(directory, path)));
      await containers.copy(`${source}/.`, at(container, '/srv/race')).catch(() => undefined);
      victim.intact();
    }
    seen.delete('');
    expect(seen.size).toBeGreaterThan(0);
    for (const text of seen) expect(["the container's\n", 'mine']).toContain(text);
  });

  // Not through a link: that one has been copied as a link, and leads to what it names on the host.
  function readIfThere(path: string): string {
    const isReal = lstatSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() === true;
    return isReal && existsSync(path) ? readFileSync(path, 'utf8') : '';
  }
});

describe('what cannot be copied is left out, and named', () => {
  it('devices, sockets and names that are no UTF-8', async () => {
    const container = await box(
      'mkdir /srv/d; cd /srv/d; echo a > fine; touch "$(printf "bad\\377")"; touch bad; perl -MSocket -e "socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(q(sock)))"',
    );
    const directory = lab.directory();
    const { leftOut } = await containers.copy(at(container, '/srv/d'), join(directory, 'd'));
    expect([...leftOut].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: `${container.id}:/srv/d/`, reason: 'its name, or where it leads, is no UTF-8', missed: true },
      { path: `${container.id}:/srv/d/sock`, reason: 'a socket', missed: false },
    ]);
    expect(readdirSync(join(directory, 'd')).sort()).toEqual(['bad', 'fine']);
    const devices = await containers.copy(at(container, '/dev/null'), directory);
    expect(devices.leftOut).toEqual([{ path: `${container.id}:/dev/null`, reason: 'a device', missed: true }]);
    expect(readdirSync(directory)).toEqual(['d']);
  });

  it('sockets of the host', async () => {
    const directory = join(lab.directory(), 'd');
    mkdirSync(directory);
    const server = createServer().listen(join(directory, 'sock'));
    try {
      const container = await box();
      const { leftOut } = await containers.copy(directory, at(container, '/srv'));
      expect(leftOut).toEqual([{ path: join(directory, 'sock'), reason: 'a socket', missed: false }]);
    } finally {
      server.close();
    }
  });

  it('a directory into itself is an error, and ends', async () => {
    const container = await box('mkdir -p /srv/d/sub; echo > /srv/d/file');
    for (const target of ['/srv/d/sub/copy', '/srv/d/sub'])
      await expect(containers.copy(at(container, '/srv/d'), at(container, target))).rejects.toThrow(
        'a directory cannot be copied into itself',
      );
  });

  it('a file that is copied to itself stays what it is', async () => {
    const container = await box('echo content > /srv/file');
    await containers.copy(at(container, '/srv/file'), at(container, '/srv/file'));
    expect(await sh(container, 'cat /srv/file')).toBe('content\n');
  });
});

describe('a mount in a container', () => {
  it('is copied from and to like everything else; a file that is one is filled', async () => {
    const volume = lab.directory();
    const file = join(lab.directory(), 'file');
    writeFileSync(file, 'old and longer');
    const container = await box('echo inside > /tmp/f', { volumes: [`${volume}:/data`, `${file}:/srv/mounted`] });
    const source = join(lab.directory(), 'x');
    writeFileSync(source, 'mine');
    await containers.copy(source, at(container, '/data'));
    await containers.copy(source, at(container, '/srv/mounted'));
    expect(readFileSync(join(volume, 'x'), 'utf8')).toBe('mine');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const directory = lab.directory();
    await containers.copy(at(container, '/tmp/f'), directory);
    expect(readFileSync(join(directory, 'f'), 'utf8')).toBe('inside\n');
  });

  it('that is read-only stays as it is', async () => {
    const volume = lab.directory();
    const container = await box('true', { volumes: [`${volume}:/data:ro`] });
    await expect(containers.copy('/etc/hostname', at(container, '/data'))).rejects.toMatchObject({ code: 'EROFS' });
    expect(readdirSync(volume)).toEqual([]);
  });
});
