// What the lab adds to the guests' root file system: a user, and a systemd that starts what the lab needs and no more.
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.mjs';
import { PROJECT_IN_GUEST } from './project.mjs';

/** The unprivileged user: `uid` 1000, with subordinate ids, and a user manager that runs without a login. */
const USER = { name: 'tester', uid: 1000, subordinateIds: '100000:65536' };

/** They wait for what no guest has, or write what is thrown away. */
const MASKED_UNITS = [
  ...[
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'e2scrub_all.timer',
    'e2scrub_reap.service',
  ],
  ...['fstrim.timer', 'getty@tty1.service', 'systemd-journal-flush.service', 'systemd-networkd.service'],
  ...['systemd-random-seed.service', 'systemd-resolved.service', 'systemd-timesyncd.service'],
  ...['systemd-tmpfiles-clean.timer', 'systemd-update-utmp.service'],
];

/** By default a user's manager gets memory and pids only. */
const DELEGATE_ALL = '[Service]\nDelegate=cpu cpuset io memory pids\n';

/** @param {string} root directory of the unpacked root file system */
export async function customizeRoot(root) {
  const { name, uid, subordinateIds } = USER;
  await command('chroot', [root, 'useradd', '--create-home', '--uid', String(uid), '--shell', '/bin/bash', name]);
  // useradd may have given a range of its own.
  for (const file of ['etc/subuid', 'etc/subgid']) await writeFile(join(root, file), `${name}:${subordinateIds}\n`);

  const files = {
    [`var/lib/systemd/linger/${name}`]: '',
    'etc/systemd/system/user@.service.d/delegate.conf': DELEGATE_ALL,
    'etc/fstab': '',
    'etc/hostname': 'lab\n',
    'etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await appendFile(join(root, 'etc/hosts'), '127.0.0.1 localhost lab\n::1 localhost\n');
  for (const unit of MASKED_UNITS)
    await symlink('/dev/null', join(root, 'etc/systemd/system', unit)).catch(unlessThere);
  await mkdir(join(root, PROJECT_IN_GUEST));
}

/** @param {NodeJS.ErrnoException} error */
function unlessThere(error) {
  if (error.code !== 'EEXIST') throw error;
}
