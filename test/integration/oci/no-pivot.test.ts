import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeLab } from '../../helpers/lab.js';
import { makeOciLab } from '../../helpers/oci-lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const oci = makeOciLab(lab);

/** Says what the container sees of its root, and tries to get a /proc without masks. */
const SCRIPT = [
  'exec >/out 2>&1',
  'ls -d /bundle-only /etc/hostname 2>/dev/null',
  'cut -d" " -f5 /proc/self/mountinfo | sort | head -n 3',
  'unshare --user --map-root-user --mount --pid --fork mount -t proc proc /mnt 2>/dev/null && echo revealed',
  'cd ..; pwd',
  'echo done',
].join('\n');

const NAMESPACES = ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'].map((type) => ({ type }));
const MASKED = { namespaces: NAMESPACES, maskedPaths: ['/proc/kcore', '/proc/sys'] };
const options = (bundle: string, ...more: readonly string[]): readonly string[] => ['run', '--bundle', bundle, ...more];

function run(linux: object, ...more: readonly string[]): readonly string[] {
  const bundle = oci.bundle(SCRIPT, { linux: { ...linux, cgroupsPath: `/${lab.cgroupParent}` } });
  const rootfs = join(bundle, 'rootfs');
  mkdirSync(join(rootfs, 'mnt'));
  writeFileSync(join(rootfs, 'bundle-only'), '');
  oci.ok(...options(bundle, ...more, 'moved'));
  return readFileSync(join(rootfs, 'out'), 'utf8').trim().split('\n');
}

describe('--no-pivot', () => {
  it('gives the container its root, and nothing above it', (context) => {
    requires(context, { root: true, cgroup: true });
    const seen = run(MASKED, '--no-pivot');
    expect(seen).toEqual(run(MASKED));
    expect(seen.slice(0, 2)).toEqual(['/bundle-only', '/']);
    expect(seen.slice(-2)).toEqual(['/', 'done']);
  });

  it('leaves no procfs of the host in the mount namespace, by which a masked one could be had anew', (context) => {
    requires(context, { root: true, cgroup: true });
    // Without masks the container’s own is enough: so this is about the masks, and not about the caller’s rights.
    const unmasked = { namespaces: NAMESPACES };
    const mount = /^revealed$/m;
    const able = run(unmasked, '--no-pivot').some((line) => mount.test(line));
    if (!able) context.skip('no user namespaces in containers here');
    expect(run(MASKED, '--no-pivot').join('\n')).not.toMatch(mount);
  });

  it('is refused where the mounts are not the container’s own, and leaves nothing', (context) => {
    requires(context, { root: true, cgroup: true });
    const bundle = oci.bundle('true', { mounts: [], linux: { namespaces: [{ type: 'pid' }] } });
    writeFileSync(
      join(bundle, 'config.json'),
      JSON.stringify({ ...(JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as object), mounts: [] }),
    );
    const { code, stderr } = oci.call(...options(bundle, '--no-pivot', 'refused'));
    expect(stderr).toContain('--no-pivot needs a mount namespace of the container’s own');
    expect(code).toBe(1);
    expect(oci.call('state', 'refused').stderr).toContain('container does not exist');
  });
});
