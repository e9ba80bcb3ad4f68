import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Mount } from '../../../src/spec/types.js';
import {
  DEV,
  DEVPTS,
  type EngineWish,
  PROC,
  SYS,
  bindOf,
  engineSpec,
  makeRootfs,
  mountOf,
  runEngineSpec,
} from '../../helpers/engine.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

// Each attack is what its CVE did to another runtime: an image, or a volume that another container writes to, that tries to
// have the runtime touch something of the host, or write into files that are not what they seem.

const lab = makeLab();

const ORDINARY = [PROC, DEV, DEVPTS, SYS];

/** A directory of the host that must stay as it is. */
function makeVictim(): string {
  const victim = lab.directory();
  writeFileSync(join(victim, 'ptmx'), 'of the host');
  return victim;
}

const look = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]));

/** Runs the attack, and expects it to be refused with these words. */
async function refuses(wish: EngineWish, words: RegExp): Promise<void> {
  await expect(runEngineSpec(lab, engineSpec(lab, wish))).rejects.toThrow(words);
}

describe('a false /proc', () => {
  it.for([
    ['a volume', () => bindOf(lab.directory(), '/proc'), /place mount\.\d+ on \/proc: EACCES/],
    ['a tmpfs', () => mountOf('/proc', 'tmpfs'), /\/type: "tmpfs" is not proc/],
    ['a part of a procfs', () => bindOf('/proc/sys', '/proc'), /place mount\.\d+ on \/proc: EACCES/],
    ['a volume by a detour', () => bindOf(lab.directory(), '/../proc/.'), /place mount\.\d+ on \/proc: EACCES/],
    ['a volume over a part', () => bindOf(lab.directory(), '/proc/self'), /"\/proc\/self" is not outside \/proc/],
    ['a volume over the kernel parameters', () => bindOf(lab.directory(), '/proc/sys/kernel'), /is not outside \/proc/],
  ] as const)('CVE-2019-16884: of %s is refused', async ([, mount, words], context) => {
    requires(context, { root: true });
    await refuses({ mounts: [PROC, mount(), DEV] }, words);
    await refuses({ mounts: [mount(), PROC, DEV] }, words);
  });

  it.for(['/proc/self', '/proc/sys', '/proc'])(
    'CVE-2019-16884: over %s, by a link, is refused',
    async (path, context) => {
      requires(context, { root: true });
      const rootfs = makeRootfs(lab);
      symlinkSync(path, join(rootfs, 'innocent'));
      await refuses({ rootfs, mounts: [PROC, DEV, bindOf(lab.directory(), '/innocent')] }, /on \/innocent: EACCES/);
    },
  );

  it.for([
    ['/proc', 'proc', '/evil'],
    ['/proc', 'proc', 'evil/../evil'],
    ['/proc', 'proc', '/sys'],
    ['/sys', 'sysfs', '/evil'],
  ] as const)(
    'CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: %s of the image, of type %s, is a link to %s: refused',
    async ([path, type, target], context) => {
      requires(context, { root: true });
      const rootfs = makeRootfs(lab);
      mkdirSync(join(rootfs, 'evil/self/attr'), { recursive: true });
      symlinkSync(target, join(rootfs, path));
      const shared = bindOf(lab.directory(), '/evil');
      await refuses({ rootfs, mounts: [shared, mountOf(path, type), DEV] }, new RegExp(`on ${path}: (ELOOP|ENOTDIR)`));
    },
  );

  it('CVE-2025-52881: what is written to the kernel goes to the kernel, or nowhere', async (context) => {
    requires(context, { root: true });
    const rootfs = makeRootfs(lab);
    mkdirSync(join(rootfs, 'proc/sys/net/ipv4'), { recursive: true });
    const trap = join(rootfs, 'proc/sys/net/ipv4/ip_forward');
    writeFileSync(trap, '');
    const linux = { sysctl: { 'net.ipv4.ip_forward': '1' } };
    await refuses({ rootfs, linux, mounts: [DEV] }, /write "1" to sysctl net\.ipv4\.ip_forward: ENOENT/);
    expect(readFileSync(trap, 'utf8')).toBe('');
    const script = 'cat /proc/sys/net/ipv4/ip_forward';
    const honest = engineSpec(lab, { rootfs, linux, script, mounts: ORDINARY });
    expect(await runEngineSpec(lab, honest)).toMatchObject({ stdout: '1\n' });
  });

  it('what lxcfs shows in the place of the kernel’s is allowed', async (context) => {
    requires(context, { root: true });
    const file = join(lab.directory(), 'meminfo');
    writeFileSync(file, 'MemTotal: 1 kB\n');
    const mounts = [...ORDINARY, bindOf(file, '/proc/meminfo', ['bind']), bindOf(file, '/proc/net/dev', ['bind'])];
    const spec = engineSpec(lab, { mounts, script: 'cat /proc/meminfo' });
    expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: 'MemTotal: 1 kB\n', stderr: '' });
  });
});

describe('a /dev that leads elsewhere', () => {
  it.for([
    ['an absolute path', (victim: string) => victim],
    ['a path upwards', (victim: string) => `../../../../../../../..${victim}`],
  ] as const)('CVE-2026-41579, CVE-2026-47766: by %s of the host leaves that alone', async ([, target], context) => {
    requires(context, { root: true });
    const victim = makeVictim();
    const before = look(victim);
    const rootfs = makeRootfs(lab);
    symlinkSync(target(victim), join(rootfs, 'dev'));
    const spec = engineSpec(lab, { rootfs, mounts: [PROC], script: 'readlink /dev/ptmx; stat -c %t:%T /dev/null' });
    // Inside the root the link leads to a directory that is made there.
    expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: 'pts/ptmx\n1:3\n', stderr: '' });
    expect(look(victim)).toEqual(before);
  });

  it.for(['null', 'zero'])(
    'CVE-2025-31133, CVE-2026-88265: a link in the place of /dev/%s is refused',
    async (name, context) => {
      requires(context, { root: true });
      const rootfs = makeRootfs(lab);
      mkdirSync(join(rootfs, 'dev'));
      symlinkSync('/proc/sys/kernel/core_pattern', join(rootfs, 'dev', name));
      const linux = { maskedPaths: ['/proc/kcore', '/proc/timer_list'] };
      await refuses({ rootfs, linux, mounts: [PROC] }, new RegExp(`make device /dev/${name}: EEXIST`));
    },
  );

  it('CVE-2025-31133: masks are the kernel’s null device, whatever the volume on /dev has', async (context) => {
    requires(context, { root: true });
    const volume = lab.directory();
    symlinkSync('/proc/sys/kernel/core_pattern', join(volume, 'null'));
    const rootfs = makeRootfs(lab);
    writeFileSync(join(rootfs, 'masked'), 'secret');
    const script = 'stat -c %t:%T /masked; echo x >/masked; cat /masked';
    const spec = engineSpec(lab, {
      rootfs,
      script,
      mounts: [PROC, bindOf(volume, '/dev')],
      linux: { maskedPaths: ['/masked'] },
    });
    expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: '1:3\n', stderr: '' });
  });

  it.for(['/victim', '../../../../../../../../victim'])(
    'CVE-2025-52565, CVE-2026-88264: /dev/console as a link to %s is refused, and nothing is made there',
    async (target, context) => {
      requires(context, { root: true });
      const victim = makeVictim();
      const rootfs = makeRootfs(lab);
      mkdirSync(join(rootfs, 'dev'));
      symlinkSync(target.replace('/victim', join(victim, 'made')), join(rootfs, 'dev/console'));
      const before = look(victim);
      await refuses({ rootfs, mounts: [PROC, DEVPTS], process: { terminal: true } }, /open terminal: ELOOP/);
      expect(look(victim)).toEqual(before);
    },
  );

  it('CVE-2025-52565: a /dev/pts that is none gives no terminal', async (context) => {
    requires(context, { root: true });
    const rootfs = makeRootfs(lab);
    mkdirSync(join(rootfs, 'dev/pts'), { recursive: true });
    symlinkSync('/proc/sysrq-trigger', join(rootfs, 'dev/pts/0'));
    writeFileSync(join(rootfs, 'dev/pts/ptmx'), '');
    await refuses({ rootfs, mounts: [PROC], process: { terminal: true } }, /open terminal: ENODEV/);
  });
});

it.for(['/proc/self/fd/3', '/proc/self/fd/7/../..', '/proc/1/cwd', '/proc/self/root/../..'])(
  'CVE-2024-21626: the working directory %s does not lead out',
  async (cwd, context) => {
    requires(context, { root: true });
    const marker = join(lab.directory(), 'marker');
    writeFileSync(marker, '');
    const spec = engineSpec(lab, { process: { cwd }, script: `ls .${marker} ../../../../../..${marker} ${marker}` });
    const outcome = await runEngineSpec(lab, spec).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome.message).toMatch(/directory .*: (ELOOP|ENOENT|ENOTDIR|EACCES)/);
    else expect(outcome).toMatchObject({ stdout: '' });
  },
);

/** Swaps a directory and a link for each other in a volume, as fast as it can, until it is ended. */
const SWAP = `
  const fs = require('node:fs');
  const [, volume, target] = process.argv;
  process.chdir(volume);
  console.log('swapping');
  for (;;) {
    try { fs.symlinkSync(target, 'next'); fs.renameSync('next', 'link'); } catch {}
    try { fs.renameSync('swapped', 'aside'); } catch {}
    try { fs.renameSync('link', 'swapped'); } catch {}
    try { fs.unlinkSync('swapped'); } catch {}
    try { fs.renameSync('aside', 'swapped'); } catch {}
  }`;

async function whileSwapping(volume: string, target: string, run: () => Promise<void>): Promise<void> {
  mkdirSync(join(volume, 'swapped'));
  const swapper: ChildProcess = spawn(process.execPath, ['-e', SWAP, volume, target], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    if (swapper.stdout !== null) await once(swapper.stdout, 'data');
    await run();
  } finally {
    const ended = once(swapper, 'close');
    swapper.kill('SIGKILL');
    await ended;
  }
}

describe('a volume that another container changes meanwhile', () => {
  const ROUNDS = 25;

  it.for([
    ['an absolute path', (path: string) => path],
    ['a path upwards', (path: string) => `../../../../../../../..${path}`],
  ] as const)(
    'CVE-2021-30465, CVE-2024-45310: by %s nothing of the host is mounted over, or made',
    { timeout: 120_000 },
    async ([, target], context) => {
      requires(context, { root: true });
      const victim = lab.directory();
      const volume = lab.directory();
      const source = lab.directory();
      writeFileSync(join(source, 'marker'), 'volume');
      // New names each time, so that each time they have to be made.
      const mountsOf = (round: number): readonly Mount[] => [
        ...ORDINARY,
        bindOf(volume, '/data'),
        bindOf(source, `/data/swapped/deep${String(round)}/er`),
        mountOf(`/data/swapped/tmp${String(round)}`, 'tmpfs', ['tmpcopyup']),
        bindOf(join(source, 'marker'), `/data/swapped/file${String(round)}`, ['bind']),
      ];
      const outcomes = new Set<string>();
      await whileSwapping(volume, target(victim), async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const script = `ls ${victim} 2>/dev/null; echo done`;
          const spec = engineSpec(lab, { mounts: mountsOf(round), script });
          const outcome = await runEngineSpec(lab, spec).then(
            ({ stdout }) => (stdout.endsWith('done\n') ? 'started' : stdout),
            (error: unknown) => (error instanceof Error && 'op' in error ? String(error.op) : String(error)),
          );
          outcomes.add(outcome);
          expect(readdirSync(victim)).toEqual([]);
        }
      });
      for (const outcome of outcomes) expect(outcome).toMatch(/^(started|place-mount|copy-up|make-mount)$/);
    },
  );
});
