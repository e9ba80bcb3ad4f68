import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

/** Says what the container sees of its root, and tries to get a /proc without masks. */
const SCRIPT = [
  'exec >/out 2>&1',
  'ls -d /bundle-only /etc/hostname 2>/dev/null',
  'cut -d" " -f5 /proc/self/mountinfo | sort | head -n 3',
  'unshare --user --map-root-user --mount --pid --fork mount -t proc proc /mnt 2>/dev/null && echo revealed',
  'cd ..; pwd',
  'echo done',
].join('\n');

// To give a user namespace the caller's own uid 0 takes CAP_SETFCAP, user_namespaces(7).
const SETS = ['CAP_SETFCAP', 'CAP_SETUID', 'CAP_SETGID'];
const PROCESS = { capabilities: { bounding: SETS, effective: SETS, permitted: SETS } };

const MASKED = { maskedPaths: ['/proc/kcore', '/proc/sys'] };

function run(linux: object, ...more: readonly string[]): readonly string[] {
  const { directory, rootfs, id } = oci.bundle({ script: SCRIPT, process: PROCESS, linux: { ...linux } });
  mkdirSync(join(rootfs, 'mnt'));
  writeFileSync(join(rootfs, 'bundle-only'), '');
  oci.ok('run', '--bundle', directory, ...more, id);
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
    if (!run({}, '--no-pivot').includes('revealed')) context.skip('no user namespaces in containers here');
    expect(run(MASKED, '--no-pivot')).not.toContain('revealed');
  });

  it('is refused where the mounts are not the container’s own, and leaves nothing', (context) => {
    requires(context, { root: true, cgroup: true });
    const { directory, id } = oci.bundle({ namespaces: ['pid'], mounts: [] });
    const config = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')) as object;
    writeFileSync(join(directory, 'config.json'), JSON.stringify({ ...config, mounts: [] }));
    const words = '--no-pivot needs a mount namespace of the container’s own';
    oci.refuses(['run', '--bundle', directory, '--no-pivot', id], words);
    oci.refuses(['state', id], 'container does not exist');
  });
});
