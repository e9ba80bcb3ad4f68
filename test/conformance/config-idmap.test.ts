import { expect } from 'vitest';
import { type Json, SHIFT, bindMount as bind, ordinaryNamespaces, shiftedIds } from './lib/config.js';
import { withMounts } from './lib/host.js';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';

describeSection('config.md: mounts with mapped ids', ({ says }) => {
  const ids = [{ containerID: 0, hostID: SHIFT, size: 1000 }];
  /** Owners of a directory of root’s, and of a mount below it, in a bind mount with options. */
  const owners = async (machine: Machine, mount: Json, linux: Json = {}): Promise<readonly string[]> =>
    withMounts(machine, { below: ['rw'] }, (directory) =>
      machine.lines({
        script: 'stat -c %u:%g /mnt /mnt/below',
        mounts: [{ ...bind(`${directory}/0`, '/mnt'), ...mount }],
        linux,
      }),
    );
  const own = { namespaces: ordinaryNamespaces('user'), ...shiftedIds() };
  const given = { uidMappings: ids, gidMappings: ids };
  const shifted = `${String(SHIFT)}:${String(SHIFT)}`;

  const ignoresIdmap = async (machine: Machine): Promise<void> => {
    const idmapped = { options: ['rbind', 'idmap'], uidMappings: ids };
    expect(await owners(machine, idmapped)).toEqual(['0:0', '0:0']);
  };
  says(
    'options.idmap',
    async (machine) => {
      expect(await owners(machine, { options: ['rbind', 'idmap'], ...given })).toEqual([shifted, '0:0']);
    },
    { runc: ignoresIdmap },
  );
  says(
    'options.ridmap',
    async (machine) => {
      expect(await owners(machine, { options: ['rbind', 'ridmap'], ...given })).toEqual([shifted, shifted]);
    },
    { runc: ignoresIdmap },
  );
  says(
    'options.idmap-own',
    async (machine) => {
      expect((await owners(machine, { options: ['rbind', 'idmap'] }, own)).slice(0, 1)).toEqual(['0:0']);
    },
    { runc: ignoresIdmap },
  );
  says(
    'options.idmap-none',
    async (machine) => {
      expect((await machine.tryCreate({ mounts: [bind('/usr', '/mnt', 'idmap')] })).code).not.toBe(0);
    },
    { runc: ignoresIdmap },
  );
  // A file system that knows no such option would refuse it.
  says(
    'options.idmap-data',
    async (machine) => {
      const { stderr } = await machine.create({
        mounts: [{ ...bind(machine.directory(), '/mnt'), options: ['rbind', 'idmap'], ...given }],
      });
      expect(stderr).toBe('');
    },
    { runc: ignoresIdmap },
  );
  says(
    'mounts.mappings-both',
    async (machine) => {
      const mounts = [{ ...bind('/usr', '/mnt'), options: ['bind', 'idmap'], uidMappings: ids }];
      expect((await machine.tryCreate({ mounts })).code).not.toBe(0);
    },
    { runc: ignoresIdmap },
  );
});
