// Makes the parts of a guest from Debian's packages, by the system's own apt. Nothing is installed on the host.
import { chmod, copyFile, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.mjs';
import { makeExt4 } from './ext4.mjs';
import { customizeRoot } from './root.mjs';

const SHIM_SOURCE = new URL('../ptrace-shim.c', import.meta.url);

/** Raised when a part must be made anew although neither its packages nor its files have changed. */
const FORMAT = '1';

/** What a guest's root file system has beside Debian's essential packages; from the second line on, what the tests want. */
const GUEST_PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'dbus-user-session', 'libpam-systemd', 'uidmap', 'kmod', 'iproute2', 'procps'],
  ...['libstdc++6', 'libatomic1', 'strace', 'tmux', 'vim-tiny', 'less', 'htop', 'perl', 'bubblewrap', 'fuse-overlayfs'],
  ...['curl', 'nginx', 'python3', 'redis-server', 'redis-tools'],
];

const IMAGE_MIB = 1024;

/** @typedef {import('./cache.mjs').Cache} Cache */

/** @param {Cache} cache */
export function umlPart(cache) {
  return cache.part('uml', [FORMAT], (directory) => unpack(directory, ['user-mode-linux']));
}

/** A kernel for QEMU, with a config for virtual machines. @param {Cache} cache */
export function kernelPart(cache) {
  return cache.part('kernel', [FORMAT], async (directory) => {
    const depends = await withLists(() => command('apt-cache', ['depends', 'linux-image-cloud-amd64']));
    const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
    if (name === undefined) throw new Error(`linux-image-cloud-amd64 depends on no kernel: ${depends}`);
    await unpack(directory, [name]);
  });
}

/** QEMU, with what of its dependencies the host does not have. @param {Cache} cache */
export function qemuPart(cache) {
  return cache.part('qemu', [FORMAT], async (directory) => {
    const plan = await withLists(() =>
      command('apt-get', ['install', '--simulate', '--no-install-recommends', 'qemu-system-x86']),
    );
    const names = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
    await unpack(
      directory,
      names.length > 0 ? names : ['qemu-system-x86', 'qemu-system-common', 'qemu-system-data', 'seabios'],
    );
  });
}

/** A static busybox, for the initramfs. @param {Cache} cache */
export function busyboxPart(cache) {
  return cache.part('busybox', [FORMAT], (directory) => unpack(directory, ['busybox-static']));
}

/** The library that lets user-mode Linux run on newer processors. @param {Cache} cache */
export async function shimPart(cache) {
  const source = await readFile(SHIM_SOURCE);
  return cache.part('shim', [FORMAT, source], async (directory) => {
    const output = join(directory, 'ptrace-shim.so');
    await command('cc', ['-O2', '-Wall', '-Werror', '-shared', '-fPIC', '-o', output, SHIM_SOURCE.pathname]);
  });
}

/**
 * The root file system of all guests, with the Node that runs this, as a file `root.ext4`.
 *
 * @param {Cache} cache
 */
export async function rootPart(cache) {
  const node = process.execPath;
  const { size, mtimeMs } = await stat(node);
  const setup = await readFile(new URL('root.mjs', import.meta.url));
  const inputs = [FORMAT, GUEST_PACKAGES.join(), node, process.version, `${size} ${mtimeMs}`, setup];
  return cache.part('root', inputs, async (directory) => {
    const root = join(directory, 'root');
    await makeRoot(directory, root);
    await copyFile(node, join(root, 'usr/bin/node'));
    await chmod(join(root, 'usr/bin/node'), 0o755);
    await customizeRoot(root);
    const runs = await command('chroot', [root, '/usr/bin/node', '--version']);
    if (runs.trim() !== process.version) throw new Error(`${node} does not run in the guest: it says ${runs}`);
    await makeExt4(root, join(directory, 'root.ext4'), IMAGE_MIB);
    await rm(root, { recursive: true, force: true });
  });
}

/** @param {string} directory @param {string} root */
async function makeRoot(directory, root) {
  if (process.geteuid?.() !== 0)
    throw new Error('the lab is prepared by root: a root file system has files of many owners');
  await unpack(join(directory, 'mmdebstrap'), ['mmdebstrap']);
  const excluded = ['man', 'doc', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const options = ['--mode=root', '--variant=apt', '--format=directory', `--keyring=${keyring}`, ...excluded];
  const tool = join(directory, 'mmdebstrap/usr/bin');
  await command(
    'perl',
    [
      `${tool}/mmdebstrap`,
      ...options,
      '--aptopt=Acquire::Languages "none"',
      `--include=${GUEST_PACKAGES}`,
      'bookworm',
      root,
    ],
    { env: { PATH: `${tool}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` } },
  );
  await rm(join(directory, 'mmdebstrap'), { recursive: true });
}

/** Downloads packages and unpacks them into one directory. @param {string} directory @param {readonly string[]} names */
async function unpack(directory, names) {
  const downloads = join(directory, '.debs');
  await mkdir(downloads, { recursive: true });
  await withLists(() => command('apt-get', ['-qq', 'download', ...names], { cwd: downloads }));
  const files = await readdir(downloads);
  for (const file of files) await command('dpkg-deb', ['--extract', join(downloads, file), directory]);
  await rm(downloads, { recursive: true });
}

/** Does what needs apt's lists, which may be missing or older than the archive: then they are fetched first. @param {() => Promise<string>} use */
async function withLists(use) {
  try {
    return await use();
  } catch {
    await command('apt-get', ['-qq', 'update']);
    return use();
  }
}
