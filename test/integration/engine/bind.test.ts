import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors/config-error.js';
import type { Mount } from '../../../src/spec/types.js';
import { SHIFTED, bindOf, engineSpec, makeRootfs, mountOf, runEngineSpec, systemMounts } from '../../helpers/engine.js';
import { ORDINARY, lineOf, withHostMounts } from '../../helpers/host-mounts.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

describe('a bind mount', () => {
  it('has the attributes that are named, and the others of its source', async (context) => {
    requires(context, { root: true });
    await withHostMounts(lab, ['nosuid', 'noexec'], async (directory) => {
      const { options } = await lineOf(
        lab,
        [bindOf(directory, '/data', ['rbind', 'rprivate', 'ro', 'nodev', 'noatime'])],
        '/data',
      );
      expect(options).toEqual(['ro', 'nosuid', 'nodev', 'noexec', 'noatime']);
      const { options: loose } = await lineOf(
        lab,
        [bindOf(directory, '/data', ['rbind', 'suid', 'exec', 'strictatime'])],
        '/data',
      );
      expect(loose).toEqual(['rw']);
    });
  });

  it('is read-only with its submounts by rro, and alone by ro', async (context) => {
    requires(context, { root: true });
    await withHostMounts(lab, [], async (directory) => {
      const below = async (option: string): Promise<readonly string[]> =>
        (await lineOf(lab, [bindOf(directory, '/data', ['rbind', 'rprivate', option])], '/data/below')).options;
      expect(await below('rro')).toContain('ro');
      expect(await below('ro')).toContain('rw');
      await expect(lineOf(lab, [bindOf(directory, '/data', ['bind'])], '/data/below')).rejects.toThrow(
        'nothing on /data/below',
      );
    });
  });

  it('of a file is put on a file that is made for it', async (context) => {
    requires(context, { root: true });
    const file = join(lab.directory(), 'resolv.conf');
    writeFileSync(file, 'nameserver ::1\n');
    const rootfs = makeRootfs(lab);
    const spec = engineSpec(lab, {
      rootfs,
      mounts: [...ORDINARY, bindOf(file, '/etc/deep/resolv.conf', ['bind', 'ro'])],
      script: 'cat /etc/deep/resolv.conf; echo >/etc/deep/resolv.conf',
    });
    const result = await runEngineSpec(lab, spec);
    expect(result.stdout).toBe('nameserver ::1\n');
    expect(result.stderr).toContain('Read-only');
    expect(statSync(join(rootfs, 'etc/deep/resolv.conf'))).toMatchObject({ size: 0 });
  });

  it.for([
    ['rprivate', []],
    ['rslave', ['master']],
    ['rshared', ['shared', 'master']],
    ['rbind', ['master']],
    ['unbindable', ['unbindable']],
  ] as const)('with %s has that propagation', async ([option, tags], context) => {
    requires(context, { root: true });
    await withHostMounts(lab, ['shared'], async (directory) => {
      expect((await lineOf(lab, [bindOf(directory, '/data', ['rbind', option])], '/data')).tags).toEqual(tags);
    });
  });

  it('hands on to the host what is mounted in it where both it and the root are shared, and not otherwise', async (context) => {
    requires(context, { root: true });
    await withHostMounts(lab, ['shared'], async (directory) => {
      mkdirSync(join(directory, 'new'));
      const script = 'mount -t tmpfs tmpfs /data/new && touch /data/new/seen';
      const capabilities = {
        bounding: ['CAP_SYS_ADMIN'],
        effective: ['CAP_SYS_ADMIN'],
        permitted: ['CAP_SYS_ADMIN'],
        inheritable: [],
        ambient: [],
      };
      const attempt = async (option: string, rootfsPropagation: 'shared' | 'slave'): Promise<boolean> => {
        const mounts = [...ORDINARY, bindOf(directory, '/data', ['rbind', option])];
        const spec = engineSpec(lab, { mounts, script, linux: { rootfsPropagation }, process: { capabilities } });
        expect(await runEngineSpec(lab, spec)).toMatchObject({ stderr: '', exitCode: 0 });
        return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${directory}/new `);
      };
      expect(await attempt('rslave', 'shared')).toBe(false);
      expect(await attempt('rshared', 'slave')).toBe(false);
      expect(await attempt('rprivate', 'shared')).toBe(false);
      expect(await attempt('rshared', 'shared')).toBe(true);
      execFileSync('umount', [join(directory, 'new')]);
    });
  });

  it('shows the owners by a mapping of its own, and by that of the container', async (context) => {
    requires(context, { root: true, idmap: true });
    const directory = lab.directory();
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, 'file'), '');
    const ids = [{ containerID: 0, hostID: 4000, size: 10 }];
    const own: Mount = { ...bindOf(directory, '/data', ['bind', 'idmap']), uidMappings: ids, gidMappings: ids };
    const script = 'stat -c %u:%g /data/file; touch /data/new 2>/dev/null; stat -c %u:%g /data/new';
    const first = await runEngineSpec(lab, engineSpec(lab, { mounts: [...ORDINARY, own], script }));
    expect(first.stdout).toMatch(/^4000:4000\n/);

    const spec = engineSpec(lab, {
      mounts: [...ORDINARY, bindOf(directory, '/data', ['rbind', 'ridmap'])],
      namespaces: ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'],
      linux: SHIFTED,
      script: 'stat -c %u:%g /data/file; touch /data/new && stat -c %u:%g /data/new',
    });
    makeOwned(spec.root.path);
    expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: '0:0\n0:0\n', stderr: '' });
    expect(statSync(join(directory, 'new'))).toMatchObject({ uid: 0, gid: 0 });
  });

  it('that cannot be idmapped is refused, and named', async () => {
    const spec = (mount: Mount): ReturnType<typeof engineSpec> => engineSpec(lab, { mounts: [mount] });
    const index = systemMounts().length;
    await expect(runEngineSpec(lab, spec(bindOf('/usr', '/u', ['bind', 'idmap'])))).rejects.toMatchObject({
      pointer: `/mounts/${String(index)}/options`,
    });
    await expect(runEngineSpec(lab, spec(mountOf('/u', 'tmpfs', ['idmap'])))).rejects.toBeInstanceOf(ConfigError);
  });

  it('whose source is missing is refused, and named', async (context) => {
    requires(context, { root: true });
    const spec = engineSpec(lab, { mounts: [bindOf('/does/not/exist', '/data')] });
    await expect(runEngineSpec(lab, spec)).rejects.toThrow('clone mount /does/not/exist: ENOENT');
  });
});

function makeOwned(path: string): void {
  execFileSync('chown', ['-R', '700000:700000', path]);
  chmodSync(join(path, '..'), 0o755);
}
