import { execFileSync } from 'node:child_process';
import { readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { SHIFT, namespaces, ordinaryNamespaces, shiftedIds } from './lib/config.js';
import { withNamespaces } from './lib/host.js';
import type { Machine } from './lib/machine.js';
import { OTHERS, describeSection } from './lib/section.js';
import { facts, readMounts } from './lib/text.js';

/** The names of the links in /proc/self/ns. */
const LINKS: Readonly<Record<string, string>> = {
  pid: 'pid',
  network: 'net',
  mount: 'mnt',
  ipc: 'ipc',
  uts: 'uts',
  user: 'user',
  cgroup: 'cgroup',
  time: 'time',
};
const OLD = Object.keys(LINKS).filter((type) => type !== 'time');

const LIST = `for n in ${Object.values(LINKS).join(' ')}; do echo $n $(readlink /proc/self/ns/$n); done`;
const host = (type: string): string => readlinkSync(`/proc/self/ns/${LINKS[type] ?? ''}`);

async function seen(machine: Machine, types: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const ids = types.includes('user') ? shiftedIds() : {};
  return facts(await machine.run({ script: LIST, linux: { namespaces: namespaces(...types), ...ids } }));
}

describeSection('config-linux.md: default filesystems, namespaces, ids and clocks', ({ says, shared }) => {
  says('filesystems', async (machine) => {
    const mounts = readMounts((await machine.run({ script: 'cat /proc/self/mountinfo' })).stdout);
    const types = ['/proc', '/sys', '/dev/pts', '/dev/shm'].map((path) => mounts.get(path)?.type);
    expect(types).toEqual(['proc', 'sysfs', 'devpts', 'tmpfs']);
  });

  const all = shared((machine) => seen(machine, OLD));
  says('namespaces.types', async () => {
    const links = await all();
    for (const type of OLD) expect(links[LINKS[type] ?? ''], type).toMatch(/^\w+:\[\d+\]$/);
  });
  says('namespaces.new', async () => {
    const links = await all();
    for (const type of OLD) expect(links[LINKS[type] ?? ''], type).not.toBe(host(type));
  });
  says('namespaces.inherit', async (machine) => {
    const links = await seen(machine, ['mount', 'pid']);
    for (const type of ['network', 'ipc', 'uts', 'user', 'cgroup', 'time'])
      expect(links[LINKS[type] ?? ''], type).toBe(host(type));
  });

  const withTime = { namespaces: ordinaryNamespaces('time'), timeOffsets: { boottime: { secs: 777_000 } } };
  says(
    'namespaces.time',
    async (machine) => {
      expect((await seen(machine, ['mount', 'pid', 'time']))['time']).not.toBe(host('time'));
    },
    OTHERS.refuses({ linux: withTime }),
  );
  says(
    'time-offsets',
    async (machine) => {
      const timeOffsets = { boottime: { secs: 777_000, nanosecs: 5 }, monotonic: { secs: 1000 } };
      const script = 'cat /proc/uptime; cat /proc/self/timens_offsets';
      const [uptime = '', ...offsets] = await machine.lines({ script, linux: { ...withTime, timeOffsets } });
      expect(Number.parseFloat(uptime)).toBeGreaterThan(777_000);
      expect(offsets.map((line) => line.split(/\s+/))).toEqual([
        ['monotonic', '1000', '0'],
        ['boottime', '777000', '5'],
      ]);
    },
    OTHERS.refuses({ linux: withTime }),
  );

  says('namespaces.absolute', async (machine) => {
    const linux = { namespaces: [...namespaces('mount', 'pid'), { type: 'network', path: 'ns/net' }] };
    expect((await machine.tryCreate({ linux })).code).not.toBe(0);
  });
  says('namespaces.join', async (machine) => {
    await withNamespaces(['--net', '--ipc', '--uts'], '', async (pid) => {
      const types = ['network', 'ipc', 'uts'];
      const joined = types.map((type) => ({ type, path: `/proc/${pid}/ns/${LINKS[type] ?? ''}` }));
      const links = facts(
        await machine.run({ script: LIST, linux: { namespaces: [...namespaces('mount', 'pid'), ...joined] } }),
      );
      for (const type of types)
        expect(links[LINKS[type] ?? ''], type).toBe(readlinkSync(`/proc/${pid}/ns/${LINKS[type] ?? ''}`));
    });
  });
  says('namespaces.wrong', async (machine) => {
    for (const path of ['/proc/self/ns/uts', '/proc/self/status', '/nowhere']) {
      const linux = { namespaces: [...namespaces('mount', 'pid'), { type: 'network', path }] };
      expect((await machine.tryCreate({ linux })).code, path).not.toBe(0);
    }
  });
  says('namespaces.duplicate', async (machine) => {
    expect((await machine.tryCreate({ linux: { namespaces: ordinaryNamespaces('uts') } })).code).not.toBe(0);
  });

  const mapped = { namespaces: ordinaryNamespaces('user'), ...shiftedIds(1000) };
  says('mappings', async (machine) => {
    const lines = await machine.lines({ script: 'cat /proc/self/uid_map /proc/self/gid_map', linux: mapped });
    const line = ['0', String(SHIFT), '1000'];
    expect(lines.map((text) => text.trim().split(/\s+/))).toEqual([line, line]);
  });
  says('mappings.owners', async (machine) => {
    const bundle = machine.bundle({ linux: mapped });
    const root = join(bundle, 'rootfs');
    writeFileSync(join(root, 'file'), '');
    const before = execFileSync('find', [root, '-xdev', '-printf', '%u %g %p\\n'], { encoding: 'utf8' });
    await machine.run(bundle);
    expect(execFileSync('find', [root, '-xdev', '-printf', '%u %g %p\\n'], { encoding: 'utf8' })).toBe(before);
    expect(statSync(root).uid).toBe(0);
  });
});
