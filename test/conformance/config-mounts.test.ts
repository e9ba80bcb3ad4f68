import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Json, bindMount as bind } from './lib/config.js';
import { withMounts } from './lib/host.js';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';
import { type MountLine, readMounts } from './lib/text.js';

const tmpfs = (destination: string, ...options: readonly string[]): Json => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options,
});

async function mountsOf(
  machine: Machine,
  mounts: readonly Json[],
  linux: Json = {},
): Promise<ReadonlyMap<string, MountLine>> {
  const { stdout } = await machine.run({ script: 'cat /proc/self/mountinfo', mounts, linux });
  return readMounts(stdout);
}

/** For each option, what the mount has then, and what it has not; a word with a plus is an option of the file system. */
const FLAGS: Readonly<
  Record<string, { readonly has?: string; readonly not?: string; readonly with?: readonly string[] }>
> = {
  async: { not: '+sync', with: ['sync'] },
  atime: { not: 'noatime', with: ['noatime'] },
  defaults: { has: 'rw' },
  dev: { not: 'nodev', with: ['nodev'] },
  diratime: { not: 'nodiratime', with: ['nodiratime'] },
  dirsync: { has: '+dirsync' },
  exec: { not: 'noexec', with: ['noexec'] },
  // It is nowhere to be seen: no file system of this kind shows it.
  iversion: { has: 'rw' },
  lazytime: { has: '+lazytime' },
  loud: { has: 'rw' },
  noatime: { has: 'noatime' },
  nodev: { has: 'nodev' },
  nodiratime: { has: 'nodiratime' },
  noexec: { has: 'noexec' },
  noiversion: { has: 'rw' },
  nolazytime: { not: '+lazytime', with: ['lazytime'] },
  norelatime: { not: 'noatime' },
  nostrictatime: { has: 'relatime', with: ['strictatime'] },
  nosuid: { has: 'nosuid' },
  relatime: { has: 'relatime' },
  ro: { has: 'ro' },
  rw: { has: 'rw', with: ['ro'] },
  silent: { has: 'rw' },
  strictatime: { not: 'relatime' },
  suid: { not: 'nosuid', with: ['nosuid'] },
  sync: { has: '+sync' },
};

const PROPAGATION: Readonly<Record<string, readonly string[]>> = {
  private: [],
  rprivate: [],
  shared: ['shared'],
  rshared: ['shared'],
  slave: ['master'],
  rslave: ['master'],
  unbindable: ['unbindable'],
  runbindable: ['unbindable'],
};

/** For each recursive option, what the mount below has then, and what it has not; `with`: what it had. */
const RECURSIVE: Readonly<Record<string, { readonly has?: string; readonly not?: string; readonly with?: string }>> = {
  ratime: { not: 'noatime', with: 'noatime' },
  rdev: { not: 'nodev', with: 'nodev' },
  rdiratime: { not: 'nodiratime', with: 'nodiratime' },
  rexec: { not: 'noexec', with: 'noexec' },
  rnoatime: { has: 'noatime' },
  rnodiratime: { has: 'nodiratime' },
  rnoexec: { has: 'noexec' },
  rnorelatime: { not: 'noatime' },
  rnostrictatime: { has: 'relatime', with: 'strictatime' },
  rnosuid: { has: 'nosuid' },
  rnosymfollow: { has: 'nosymfollow' },
  rrelatime: { has: 'relatime', with: 'noatime' },
  rro: { has: 'ro' },
  rrw: { has: 'rw', with: 'ro' },
  rstrictatime: { not: 'relatime' },
  rsuid: { not: 'nosuid', with: 'nosuid' },
  rsymfollow: { not: 'nosymfollow', with: 'nosymfollow' },
};

/** @returns what is wrong, for a difference that can be read */
function compare(
  line: MountLine | undefined,
  { has, not }: { readonly has?: string; readonly not?: string },
): readonly string[] {
  const all = [...(line?.options ?? []), ...(line?.superOptions ?? []).map((word) => `+${word}`)];
  return [
    ...(line === undefined ? ['is not there'] : []),
    ...(has !== undefined && !all.includes(has) ? [`has no ${has}: ${all.join()}`] : []),
    ...(not !== undefined && all.includes(not) ? [`has ${not}: ${all.join()}`] : []),
  ];
}

/** What runc does not know of {@link FLAGS}. */
const RUNC_FLAGS = ['defaults'];

describeSection('config.md: mounts', ({ says }) => {
  says('mounts.order', async (machine) => {
    const script = 'ls /mnt/over; grep -c " /mnt" /proc/self/mountinfo';
    const source = machine.directory();
    writeFileSync(join(source, 'file'), '');
    const inOrder = [tmpfs('/mnt'), bind(source, '/mnt/over')];
    expect(await machine.lines({ script, mounts: inOrder })).toEqual(['file', '2']);
    // The other way round the second covers the first.
    const { stdout } = await machine.run({ script: 'ls /mnt', mounts: inOrder.toReversed() });
    expect(stdout).toBe('');
  });

  says('mounts.destination-required', async (machine) => {
    expect((await machine.tryCreate({ mounts: [{ type: 'tmpfs', source: 'tmpfs' }] })).code).not.toBe(0);
  });

  says('mounts.relative', async (machine) => {
    expect((await mountsOf(machine, [tmpfs('mnt/below')])).get('/mnt/below')?.type).toBe('tmpfs');
  });

  const sources = async (machine: Machine): Promise<readonly string[]> => {
    const elsewhere = machine.directory();
    writeFileSync(join(elsewhere, 'file'), '');
    const bundle = machine.bundle({ script: 'ls /mnt /srv', mounts: [bind(elsewhere, '/mnt'), bind('data', '/srv')] });
    mkdirSync(join(bundle, 'data'));
    writeFileSync(join(bundle, 'data/own'), '');
    return (await machine.run(bundle)).stdout.trim().split('\n');
  };
  says('mounts.source', async (machine) => {
    expect(await sources(machine)).toEqual(['/mnt:', 'file', '', '/srv:', 'own']);
  });

  says('mounts.bind', async (machine) => {
    const source = machine.directory();
    writeFileSync(join(source, 'file'), '');
    const mounts = ['bind', 'rbind'].flatMap((option) =>
      [undefined, 'none', 'bind', 'tmpfs'].map((type) => ({
        destination: `/mnt/${option}-${String(type)}`,
        ...(type === undefined ? {} : { type }),
        source,
        options: [option],
      })),
    );
    expect(await machine.lines({ script: 'ls /mnt/*/file | wc -l', mounts })).toEqual([String(mounts.length)]);
  });

  /** @returns which options do something else than they should */
  const tryFlags = async (machine: Machine, names: readonly string[]): Promise<readonly string[]> => {
    const mounts = names.map((name) => tmpfs(`/mnt/${name}`, ...(FLAGS[name]?.with ?? []), name));
    const seen = await mountsOf(machine, mounts);
    return names.flatMap((name) =>
      compare(seen.get(`/mnt/${name}`), FLAGS[name] ?? {}).map((text) => `${name} ${text}`),
    );
  };
  const allBut = (table: object, ...without: readonly string[]): readonly string[] =>
    Object.keys(table).filter((name) => !without.includes(name));
  says(
    'options.flags',
    async (machine) => {
      expect(await tryFlags(machine, Object.keys(FLAGS))).toEqual([]);
    },
    {
      runc: async (machine) => {
        expect(await tryFlags(machine, allBut(FLAGS, ...RUNC_FLAGS))).toEqual([]);
        expect((await machine.tryCreate({ mounts: [tmpfs('/mnt', 'defaults')] })).code).not.toBe(0);
      },
    },
  );

  says('options.propagation', async (machine) => {
    await withMounts(machine, { shared: true }, async (directory) => {
      const names = Object.keys(PROPAGATION);
      const seen = await mountsOf(
        machine,
        names.map((name) => ({
          destination: `/mnt/${name}`,
          type: 'bind',
          source: directory,
          options: ['rbind', name],
        })),
        { rootfsPropagation: 'slave' },
      );
      const tags = Object.fromEntries(names.map((name) => [name, seen.get(`/mnt/${name}`)?.tags.slice(0, 1)]));
      expect(tags).toEqual(PROPAGATION);
      const below = Object.fromEntries(names.map((name) => [name, seen.get(`/mnt/${name}/below`)?.tags.slice(0, 1)]));
      const recursive = Object.entries(PROPAGATION).filter(([name]) => name.startsWith('r'));
      expect(below).toMatchObject(Object.fromEntries(recursive));
    });
  });

  says('options.remount', async (machine) => {
    const seen = await mountsOf(machine, [tmpfs('/mnt'), tmpfs('/mnt', 'remount', 'ro', 'nosuid')]);
    expect(seen.get('/mnt')?.options).toEqual(expect.arrayContaining(['ro']));
  });

  /** @returns which options do something else than they should */
  const tryRecursive = (machine: Machine, names: readonly string[]): Promise<readonly string[]> =>
    withMounts(machine, { below: names.map((name) => RECURSIVE[name]?.with ?? 'rw') }, async (directory) => {
      const mounts = names.map((name, index) => ({
        destination: `/mnt/${name}`,
        type: 'bind',
        source: `${directory}/${String(index)}`,
        options: ['rbind', name],
      }));
      const seen = await mountsOf(machine, mounts);
      return names.flatMap((name) =>
        compare(seen.get(`/mnt/${name}/below`), RECURSIVE[name] ?? {}).map((text) => `${name} ${text}`),
      );
    });
  says(
    'options.recursive',
    async (machine) => {
      expect(await tryRecursive(machine, Object.keys(RECURSIVE))).toEqual([]);
    },
    {
      runc: async (machine) => {
        expect(await tryRecursive(machine, allBut(RECURSIVE, 'ratime', 'rnostrictatime'))).toEqual([]);
        for (const option of ['ratime', 'rnostrictatime']) {
          const mounts = [{ ...bind('/usr', '/mnt'), options: ['rbind', option] }];
          expect((await machine.tryCreate({ mounts })).code, option).not.toBe(0);
        }
      },
    },
  );

  says('options.tmpcopyup', async (machine) => {
    const bundle = machine.bundle({
      script: 'cat /etc/word; echo new >/etc/word',
      mounts: [tmpfs('/etc', 'tmpcopyup')],
    });
    mkdirSync(join(bundle, 'rootfs/etc'), { recursive: true });
    writeFileSync(join(bundle, 'rootfs/etc/word'), 'copied\n');
    expect((await machine.run(bundle)).stdout).toBe('copied\n');
    expect((await machine.run(bundle)).stdout, 'what is below stays').toBe('copied\n');
  });

  says('options.unknown', async (machine) => {
    const seen = await mountsOf(machine, [tmpfs('/mnt', 'size=64k', 'nr_inodes=50', 'mode=751')]);
    expect(seen.get('/mnt')?.superOptions).toEqual(expect.arrayContaining(['size=64k', 'nr_inodes=50', 'mode=751']));
    expect((await machine.tryCreate({ mounts: [tmpfs('/mnt', 'nosuchoption')] })).code).not.toBe(0);
  });
});
