import { describe, expect, it } from 'vitest';
import { qemuCommand, umlCommand } from '../../lab/lib/engines.mjs';

const MACHINE = {
  cache: '/cache/engine',
  kernel: '/cache/kernel',
  image: '/cache/root.ext4',
  project: '/tmp/project.ext4',
  initramfs: '/tmp/guest/initramfs',
  scratch: '/tmp/guest',
  memoryMiB: 512,
  boot: 'plain',
} as const;

describe('umlCommand', () => {
  it('writes to copies of the drives, and to the channels by descriptor', () => {
    const { file, args, env } = umlCommand({ ...MACHINE, shim: '/cache/shim.so', memoryDir: '/dev/shm' });
    expect(file).toBe('/cache/kernel');
    expect(args).toContain('ubd0=/tmp/guest/ubd0.cow,/cache/root.ext4');
    expect(args).toContain('ubd1=/tmp/guest/ubd1.cow,/tmp/project.ext4');
    expect(args.filter((arg) => /^con\d=/.test(arg))).toEqual([
      'con0=null,fd:3',
      'con1=null,fd:4',
      'con2=null,fd:5',
      'con3=null,fd:6',
    ]);
    expect(env).toEqual({ TMPDIR: '/dev/shm', LD_PRELOAD: '/cache/shim.so' });
  });

  it('writes to a root file system that is to be kept', () => {
    const { args } = umlCommand({ ...MACHINE, isKept: true, memoryDir: '/dev/shm' });
    expect(args).toContain('ubd0=/cache/root.ext4');
    expect(args).toContain('ubd1=/tmp/guest/ubd1.cow,/tmp/project.ext4');
  });

  it('starts systemd with its own target only where it is wanted', () => {
    const boot = (how: 'plain' | 'systemd'): string =>
      umlCommand({ ...MACHINE, boot: how, memoryDir: '/dev/shm' }).args.join(' ');
    expect(boot('systemd')).toContain('systemd.unit=lab.target');
    expect(boot('plain')).not.toContain('systemd');
  });
});

describe('qemuCommand', () => {
  it('forgets what is written to the drives, and has a port for each channel', () => {
    const { file, args, env } = qemuCommand(MACHINE);
    expect(file).toBe('/cache/engine/usr/bin/qemu-system-x86_64');
    expect(args.filter((arg) => arg.startsWith('if=virtio'))).toEqual([
      'if=virtio,format=raw,snapshot=on,cache=unsafe,file.locking=off,file.filename=/cache/root.ext4',
      'if=virtio,format=raw,snapshot=on,cache=unsafe,file.locking=off,file.filename=/tmp/project.ext4',
    ]);
    expect(qemuCommand({ ...MACHINE, isKept: true }).args).toContain(
      'if=virtio,format=raw,cache=unsafe,file.locking=off,file.filename=/cache/root.ext4',
    );
    expect(args.filter((arg) => arg.startsWith('virtserialport'))).toEqual([
      'virtserialport,chardev=out,name=lab.out',
      'virtserialport,chardev=err,name=lab.err',
      'virtserialport,chardev=result,name=lab.result',
    ]);
    expect(args[args.indexOf('-append') + 1]).toBe('console=ttyS0 panic=-1 mitigations=off quiet');
    expect(env['LD_LIBRARY_PATH']).toBe('/cache/engine/usr/lib/x86_64-linux-gnu:/cache/engine/lib/x86_64-linux-gnu');
  });
});
