import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engineSpec, makeRootfs, mountOf, runEngineSpec } from '../../helpers/engine.js';
import { ORDINARY, lineOf, withHostMounts } from '../../helpers/host-mounts.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

describe('the root file system', () => {
  it('is the directory itself, with its owners and devices', async (context) => {
    requires(context, { root: true });
    const rootfs = makeRootfs(lab);
    writeFileSync(join(rootfs, 'file'), 'text');
    const spec = engineSpec(lab, {
      rootfs,
      script: 'cat /file; echo new >/made; stat -c %u:%g /file; mknod /null c 1 3 && echo x >/null',
    });
    const result = await runEngineSpec(lab, spec);
    expect(result).toMatchObject({ stdout: 'text0:0\n', stderr: '', exitCode: 0 });
    expect(readFileSync(join(rootfs, 'made'), 'utf8')).toBe('new\n');
  });

  it('is read-only where that is asked for, and what is mounted in it is not', async (context) => {
    requires(context, { root: true });
    const scratch = mountOf('/scratch', 'tmpfs');
    const spec = engineSpec(lab, {
      readonly: true,
      mounts: [...ORDINARY, scratch],
      script: 'touch /scratch/a && touch /b',
    });
    expect(await runEngineSpec(lab, spec)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Read-only') as string,
    });
  });

  it.for([
    [undefined, ['master']],
    ['slave', ['master']],
    ['private', []],
    ['shared', ['shared']],
    ['unbindable', ['unbindable']],
  ] as const)('has the propagation %s', async ([rootfsPropagation, tags], context) => {
    requires(context, { root: true });
    await withHostMounts(lab, ['shared'], async (directory) => {
      const rootfs = join(directory, 'rootfs');
      execFileSync('cp', ['-a', makeRootfs(lab), rootfs]);
      const linux = rootfsPropagation === undefined ? {} : { rootfsPropagation };
      expect((await lineOf(lab, [], '/', { rootfs, linux })).tags).toEqual(tags);
    });
  });

  it('is shown as it is, below another root, where the mounts are the caller’s', async (context) => {
    requires(context, { root: true });
    const spec = engineSpec(lab, { namespaces: ['pid', 'ipc'] });
    const inHost = {
      ...spec,
      root: { path: '/usr' },
      mounts: [],
      process: { ...spec.process, args: ['/bin/sh', '-c', 'echo /*'] },
    };
    expect((await runEngineSpec(lab, inHost)).stdout).toMatch(/^\/bin .*\/lib .*\/share/);
    const asIs = {
      ...inHost,
      root: { path: '/' },
      process: { ...spec.process, args: ['/bin/sh', '-c', 'cat /proc/self/mountinfo'] },
    };
    expect((await runEngineSpec(lab, asIs)).stdout).toBe(readFileSync('/proc/self/mountinfo', 'utf8'));
  });

  it.each([
    ['/mounts', (spec: ReturnType<typeof engineSpec>) => spec],
    [
      '/root/readonly',
      (spec: ReturnType<typeof engineSpec>) => ({ ...spec, mounts: [], root: { ...spec.root, readonly: true } }),
    ],
    [
      '/linux/maskedPaths',
      (spec: ReturnType<typeof engineSpec>) => ({
        ...spec,
        mounts: [],
        linux: { ...spec.linux, maskedPaths: ['/proc/kcore'] },
      }),
    ],
  ])('without a mount namespace %s is refused', async (pointer, change) => {
    const spec = change(engineSpec(lab, { namespaces: ['pid'] }));
    await expect(runEngineSpec(lab, spec)).rejects.toMatchObject({ name: 'ConfigError', pointer });
  });
});
