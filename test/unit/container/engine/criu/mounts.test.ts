import { describe, expect, test } from 'vitest';
import { parseMountinfo } from '../../../../../src/cgroup/mountinfo.js';
import { dumpedMounts, listExternal, restoredMounts } from '../../../../../src/container/engine/criu/mounts.js';
import { bindOf, mountOf } from '../../../../helpers/engine-plan.js';
import { engineSpec } from '../../../../helpers/engine-spec.js';

const spec = engineSpec('true', {
  mounts: [
    mountOf('/proc', 'proc'),
    mountOf('/dev', 'tmpfs'),
    bindOf('/srv/volume', '/data'),
    mountOf('/data/cache', 'tmpfs'),
    bindOf('/srv/secrets', '/var/run/secrets'),
    { ...bindOf('/etc/hosts', '/etc/hosts', []), type: 'bind' },
  ],
  linux: { maskedPaths: ['/proc/kcore', '/proc/acpi'] },
});

const ENTRIES = parseMountinfo(`
1 0 8:1 /rootfs / rw - ext4 /dev/sda rw
2 1 0:5 / /proc rw - proc proc rw
3 1 0:6 / /dev rw - tmpfs tmpfs rw
4 3 0:9 /null /dev/null rw - devtmpfs dev rw
5 3 0:9 /full /dev/full rw - devtmpfs dev rw
6 1 8:1 /srv/volume /data rw - ext4 /dev/sda rw
7 6 8:2 / /data/disk rw - ext4 /dev/sdb rw
8 6 0:7 / /data/cache rw - tmpfs tmpfs rw
9 1 8:1 /srv/secrets /run/secrets rw - ext4 /dev/sda rw
10 2 0:9 /null /proc/kcore ro - devtmpfs dev rw
11 2 0:8 / /proc/acpi ro - tmpfs tmpfs rw
12 1 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda rw
`);

const resolve = (path: string): string => path.replace(/^\/var\/run\//, '/run/');

describe('the mounts of the host', () => {
  const external = listExternal(spec, ENTRIES, resolve);

  test('are the bind mounts with what came along, where links have led them, and devices', () => {
    expect(external).toEqual([
      { target: '/dev/null', device: '/dev/null' },
      { target: '/dev/full', device: '/dev/full' },
      { target: '/data', destination: '/data', below: '' },
      { target: '/data/disk', destination: '/data', below: '/disk' },
      { target: '/run/secrets', destination: '/var/run/secrets', below: '' },
      { target: '/proc/kcore', device: '/dev/null' },
      { target: '/etc/hosts', destination: '/etc/hosts', below: '' },
    ]);
  });

  test('have a name in the dump, by which they are found where they are by then', () => {
    expect(dumpedMounts(external).slice(1, 4)).toEqual([
      'mnt[/dev/full]:/dev/full',
      'mnt[/data]:/data',
      'mnt[/data/disk]:/data/disk',
    ]);
    const moved = {
      ...spec,
      mounts: spec.mounts.map((one) => ({ ...one, source: one.source.replace('/srv', '/new') })),
    };
    expect(restoredMounts(moved, external)).toEqual([
      'mnt[/dev/null]:/dev/null',
      'mnt[/dev/full]:/dev/full',
      'mnt[/data]:/new/volume',
      'mnt[/data/disk]:/new/volume/disk',
      'mnt[/run/secrets]:/new/secrets',
      'mnt[/etc/hosts]:/etc/hosts',
    ]);
  });

  test('that a spec has no longer are left for criu to miss', () => {
    expect(restoredMounts({ ...spec, mounts: [] }, external)).toEqual([
      'mnt[/dev/null]:/dev/null',
      'mnt[/dev/full]:/dev/full',
    ]);
  });

  test('are those of the spec, with the images of another runtime', () => {
    const expected = ['mnt[/data]:/srv/volume', 'mnt[/var/run/secrets]:/srv/secrets', 'mnt[/etc/hosts]:/etc/hosts'];
    expect(restoredMounts(spec, undefined)).toEqual([...expected, 'mnt[/dev/null]:/dev/null']);
    const unmasked = { ...spec, linux: { ...spec.linux, maskedPaths: [] } };
    expect(restoredMounts(unmasked, undefined)).toEqual(expected);
  });
});
