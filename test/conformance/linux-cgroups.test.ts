import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, expect } from 'vitest';
import { readCgroupFacts } from '../../src/cgroup/facts.js';
import { listCgroups } from '../helpers/leaks.js';
import { type Json, SHIFT, ordinaryNamespaces, shiftedIds } from './lib/config.js';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';

const { layout } = readCgroupFacts();
const NEEDS_V2 = 'needs a host with nothing but cgroup v2';
const IS_V2 = layout.v1.length === 0;
const NEEDS_V1 = 'needs a hierarchy of cgroup v1';

const OWN = 'sed "s/^[^:]*:[^:]*://" /proc/self/cgroup | sort -u';
const cgroupsPath = (path: string): Json => ({ cgroupsPath: path, namespaces: ordinaryNamespaces() });

/** The directories of a container’s cgroup, with what its owners have. */
async function owners(
  machine: Machine,
  mount: Json | undefined,
  more: readonly string[] = ['cgroup'],
): Promise<Readonly<Record<string, number>>> {
  const linux = { namespaces: ordinaryNamespaces('user', ...more), ...shiftedIds() };
  const { id } = await machine.create({ script: 'exec sleep 1000', linux, mounts: mount === undefined ? [] : [mount] });
  const [path = ''] = listCgroups(machine.cgroupParent);
  const result: Record<string, number> = { '.': statSync(path).uid };
  for (const name of readdirSync(path))
    if (!statSync(join(path, name)).isDirectory()) result[name] = statSync(join(path, name)).uid;
  machine.delete(id, '--force');
  return result;
}

const MOUNT = {
  destination: '/sys/fs/cgroup',
  type: 'cgroup',
  source: 'cgroup',
  options: ['nosuid', 'noexec', 'nodev'],
};

describeSection('config-linux.md: control groups', ({ says, shared }) => {
  says('cgroups.absolute', async (machine) => {
    const path = `/${machine.cgroupParent}/absolute`;
    expect(await machine.lines({ script: OWN, linux: cgroupsPath(path) })).toContain(path);
  });
  says('cgroups.made', async (machine) => {
    const path = `${machine.cgroupParent}/made`;
    const { id } = await machine.create({ linux: cgroupsPath(`/${path}`) });
    expect(listCgroups(machine.cgroupParent).some((one) => one.endsWith(path))).toBe(true);
    machine.delete(id, '--force');
  });
  says('cgroups.consistent', async (machine) => {
    for (const path of [`/${machine.cgroupParent}/same`, `${machine.cgroupParent}/same`]) {
      const one = await machine.lines({ script: OWN, linux: cgroupsPath(path) });
      const two = await machine.lines({ script: OWN, linux: cgroupsPath(path) });
      expect(one, path).toEqual(two);
      expect(
        one.some((line) => line.includes(machine.cgroupParent)),
        path,
      ).toBe(true);
    }
  });
  says(
    'cgroups.invalid',
    async (machine) => {
      const { code } = await machine.tryCreate({ linux: cgroupsPath(`/${machine.cgroupParent}/../../../../etc`) });
      expect(code).not.toBe(0);
    },
    {
      // It is cleaned, and so no way out.
      runc: async (machine) => {
        const path = `/${machine.cgroupParent}/x/../../../${machine.cgroupParent}/cleaned`;
        expect(await machine.lines({ script: OWN, linux: cgroupsPath(path) })).toContain(
          `/${machine.cgroupParent}/cleaned`,
        );
      },
    },
  );

  /** A cgroup with somebody else in it. */
  const occupied = async (machine: Machine): Promise<number | null> => {
    const place = layout.v1.find(({ controllers }) => controllers.includes('freezer'))?.mount ?? layout.v2?.mount ?? '';
    const path = join(place, machine.cgroupParent, 'occupied');
    mkdirSync(path, { recursive: true });
    const child = spawn('sleep', ['1000']);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      writeFileSync(join(path, 'cgroup.procs'), String(child.pid));
      return (await machine.tryCreate({ linux: cgroupsPath(`/${machine.cgroupParent}/occupied`) })).code;
    } finally {
      child.kill('SIGKILL');
      await exited;
      machine.clear();
      if (existsSync(path)) rmdirSync(path);
    }
  };
  says(
    'cgroups.fit',
    async (machine) => {
      expect(await occupied(machine)).not.toBe(0);
    },
    {
      runc: async (machine) => {
        expect(await occupied(machine)).toBe(0);
      },
    },
  );

  says('ownership.v1', async (machine, context) => {
    if (IS_V2) context.skip(NEEDS_V1);
    const linux = { namespaces: ordinaryNamespaces('user', 'cgroup'), ...shiftedIds() };
    const { id } = await machine.create({ linux, mounts: [MOUNT] });
    const paths = listCgroups(machine.cgroupParent).filter(
      (path) => path !== layout.v2?.mount && !path.startsWith(`${layout.v2?.mount ?? ''}/`),
    );
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => statSync(path).uid !== 0 || statSync(join(path, 'cgroup.procs')).uid !== 0)).toEqual(
      [],
    );
    machine.delete(id, '--force');
  });

  const writable = shared((machine) => owners(machine, MOUNT));
  const ifV2 =
    (check: (machine: Machine, context: TestContext) => Promise<void>): Parameters<typeof says>[1] =>
    (machine, context) =>
      IS_V2 ? check(machine, context) : context.skip(NEEDS_V2);
  const asDelegated = (): readonly string[] => {
    const names = readFileSync('/sys/kernel/cgroup/delegate', 'utf8').trim().split('\n');
    return ['.', ...names];
  };
  says(
    'ownership.writable',
    ifV2(async () => expect((await writable())['.']).toBe(SHIFT)),
  );
  says(
    'ownership.files',
    ifV2(async () => {
      const seen = await writable();
      const theirs = asDelegated().filter((name) => name in seen);
      expect(theirs.map((name) => seen[name])).toEqual(theirs.map(() => SHIFT));
    }),
  );
  says(
    'ownership.missing',
    ifV2(async (_, context) => {
      const seen = await writable();
      if (asDelegated().every((name) => name in seen)) context.skip('each file of the list is there, too');
      expect(seen['cgroup.procs']).toBe(SHIFT);
    }),
  );
  says(
    'ownership.others',
    ifV2(async () => {
      const seen = await writable();
      expect(Object.keys(seen).filter((name) => seen[name] !== 0 && !asDelegated().includes(name))).toEqual([]);
    }),
  );
  says(
    'ownership.unmounted',
    ifV2(async (machine) => expect((await owners(machine, undefined))['.']).toBe(0)),
  );
  says(
    'ownership.namespace',
    ifV2(async (machine) => expect((await owners(machine, MOUNT, []))['.']).toBe(0)),
  );
});
