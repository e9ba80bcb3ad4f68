import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CAPABILITIES } from '../../../src/spec/defaults.js';
import { capabilityMask } from '../../../src/util/linux.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

/** Runs a script with the default options and returns its lines. */
async function lines(script: string): Promise<readonly string[]> {
  const { stdout, stderr, exitCode } = await lab.run(['sh', '-c', script]);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return stdout.split('\n').slice(0, -1);
}

describe('a container may not', () => {
  const refused = (script: string): Promise<readonly string[]> =>
    lines(`if (${script}) 2>/dev/null; then echo done; else echo refused; fi`);

  it('change kernel parameters', async () => {
    expect(await refused('echo 1 > /proc/sys/kernel/sysrq')).toEqual(['refused']);
    expect(await refused('echo x > /proc/sys/kernel/hostname')).toEqual(['refused']);
    expect(await refused('echo b > /proc/sysrq-trigger')).toEqual(['refused']);
    expect(await refused('echo 1 > /sys/kernel/profiling')).toEqual(['refused']);
  });

  it('change kernel parameters with CAP_SYS_ADMIN either: its root is not the host’s', async (context) => {
    requires(context, { root: true, idmap: true });
    const path = '/proc/sys/kernel/core_pattern';
    const before = readFileSync(path, 'utf8');
    const script = `umount /proc/sys; mount -o remount,rw,bind /proc/sys; echo x > ${path}`;
    await lab.run(['sh', '-c', script], { capAdd: ['ALL'] });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('write to the cgroup tree', async (context) => {
    requires(context, { cgroup: true });
    expect(await refused('mkdir /sys/fs/cgroup/more')).toEqual(['refused']);
    expect(await refused('echo 1 > /sys/fs/cgroup/cgroup.kill')).toEqual(['refused']);
  });

  it('mount anything, the host’s disks least of all', async () => {
    const disk = readFileSync('/proc/partitions', 'utf8').trim().split('\n').at(-1)?.trim().split(/\s+/) ?? [];
    expect(await refused('mount -t tmpfs tmpfs /mnt')).toEqual(['refused']);
    const [major, minor] = [disk[0] ?? '254', disk[1] ?? '0'];
    const script = `mknod /tmp/disk b ${major} ${minor} && mount /tmp/disk /mnt`;
    expect(await refused(script)).toEqual(['refused']);
    // Not even with the capability: the device is the host's.
    const { stdout } = await lab.run(
      ['sh', '-c', `(${script}) 2>/dev/null || cat /tmp/disk 2>/dev/null || echo refused`],
      { capAdd: ['ALL'] },
    );
    expect(stdout).toBe('refused\n');
  });

  it('load modules, set the clock, or reboot', async () => {
    const { stdout } = await lab.run(
      ['sh', '-c', 'date -s 2001-01-01 >/dev/null 2>&1 && echo clock; modprobe loop 2>/dev/null && echo module; true'],
      { capAdd: ['ALL'] },
    );
    expect(stdout).toBe('');
  });
});

describe('the main process', () => {
  const status = async (options = {}): Promise<Readonly<Record<string, string>>> => {
    const { stdout } = await lab.run(['cat', '/proc/self/status'], options);
    return Object.fromEntries(stdout.split('\n').map((line) => line.split(':\t') as [string, string]));
  };
  const hex = (mask: bigint): string => mask.toString(16).padStart(16, '0');

  it('has the default capabilities and no more', async () => {
    const mask = hex(capabilityMask(DEFAULT_CAPABILITIES));
    expect(await status()).toMatchObject({ CapEff: mask, CapPrm: mask, CapBnd: mask, NoNewPrivs: '1' });
  });

  it('has what was added and not what was dropped', async () => {
    const added = hex(capabilityMask([...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']));
    expect(await status({ capAdd: ['NET_ADMIN'] })).toMatchObject({ CapEff: added, CapBnd: added });
    expect(await status({ capDrop: ['ALL'] })).toMatchObject({ CapEff: hex(0n), CapPrm: hex(0n), CapBnd: hex(0n) });
    const chown = hex(capabilityMask(['CAP_CHOWN']));
    expect(await status({ capDrop: ['ALL'], capAdd: ['CHOWN'] })).toMatchObject({ CapEff: chown, CapBnd: chown });
  });

  it('has no capability when it is not root', async (context) => {
    requires(context, { root: true });
    expect(await status({ user: '1000:1000' })).toMatchObject({
      CapEff: hex(0n),
      CapPrm: hex(0n),
      Uid: '1000\t1000\t1000\t1000',
    });
  });

  it('is another user on the host', async (context) => {
    requires(context, { root: true, idmap: true });
    const container = await lab.spawn(['sleep', '1000']);
    const uid = Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${String(container.pid)}/status`, 'utf8'))?.[1]);
    expect(uid).toBeGreaterThanOrEqual(524_288);
  });

  it('cannot be traced or read by a process of the container through corral-init', async () => {
    expect(await lines('cat /proc/1/environ /proc/1/maps /proc/1/mem 2>/dev/null | wc -c')).toEqual(['0']);
    expect(await lines('readlink /proc/1/exe 2>/dev/null || echo hidden')).toEqual(['hidden']);
  });
});
