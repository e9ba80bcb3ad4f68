import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Json, ordinaryNamespaces } from './lib/config.js';
import { withMounts } from './lib/host.js';
import type { Machine } from './lib/machine.js';
import { OTHERS, describeSection } from './lib/section.js';
import { readMounts } from './lib/text.js';

const linux = (more: Json): Json => ({ namespaces: ordinaryNamespaces(), ...more });

describeSection('config-linux.md: memory policy, sysctl, propagation, paths and personality', ({ says }) => {
  const intelRdt = linux({ intelRdt: { closID: 'guaranteed' } });
  says(
    'intelrdt.absent',
    async (machine) => {
      expect((await machine.tryCreate({ linux: intelRdt })).code).not.toBe(0);
    },
    OTHERS.ignores('linux', intelRdt),
  );

  const policy = { mode: 'MPOL_INTERLEAVE', nodes: '0' };
  says(
    'memory-policy',
    async (machine, context) => {
      if (!existsSync('/proc/self/numa_maps')) context.skip('needs a kernel with NUMA memory policies');
      const lines = await machine.lines({
        script: 'head -n 1 /proc/self/numa_maps',
        linux: linux({ memoryPolicy: policy }),
      });
      expect(lines[0]).toMatch(/ interleave:0 /);
      const wrong = { mode: 'MPOL_NO_SUCH' };
      expect((await machine.tryCreate({ linux: linux({ memoryPolicy: wrong }) })).code).not.toBe(0);
    },
    OTHERS.ignores('linux', linux({ memoryPolicy: policy })),
  );

  says('sysctl', async (machine) => {
    const sysctl = { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4096', 'fs.mqueue.msg_max': '17' };
    const script = 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max';
    expect(await machine.lines({ script, linux: linux({ sysctl }) })).toEqual(['1', '4096', '17']);
    // It would be the host's.
    expect((await machine.tryCreate({ linux: linux({ sysctl: { 'kernel.panic': '1' } }) })).code).not.toBe(0);
  });

  const propagation = async (machine: Machine, rootfsPropagation: string): Promise<readonly string[] | undefined> =>
    withMounts(machine, { shared: true }, async (directory) => {
      const bundle = machine.bundle({
        script: 'cat /proc/self/mountinfo',
        linux: linux({ rootfsPropagation }),
        root: { path: directory },
      });
      execFileSync('cp', ['-a', `${join(bundle, 'rootfs')}/.`, directory]);
      return readMounts((await machine.run(bundle)).stdout).get('/')?.tags;
    });
  const TAGS = { shared: 'shared', slave: 'master', private: undefined, unbindable: 'unbindable' };
  says(
    'propagation',
    async (machine) => {
      for (const [word, tag] of Object.entries(TAGS)) expect((await propagation(machine, word))?.[0], word).toBe(tag);
    },
    {
      runc: async (machine) => {
        for (const word of ['shared', 'slave', 'private'])
          expect((await propagation(machine, word))?.[0], word).toBe(undefined);
        await expect(propagation(machine, 'unbindable')).rejects.toThrow('invalid argument');
      },
    },
  );

  says('masked', async (machine) => {
    const bundle = machine.bundle({
      script: 'cat /secret/file /secret.txt; ls /secret; cat /proc/timer_list | wc -c',
      linux: linux({ maskedPaths: ['/secret', '/secret.txt', '/proc/timer_list', '/not/there'] }),
    });
    mkdirSync(join(bundle, 'rootfs/secret'));
    for (const name of ['secret/file', 'secret.txt']) writeFileSync(join(bundle, 'rootfs', name), 'secret');
    const { stdout, stderr } = await machine.run(bundle);
    expect(stdout.trim()).toBe('0');
    expect(stderr).toMatch(/^cat: \/secret\/file: No such file or directory\n/);
  });
  const relative = async (machine: Machine, field: string): Promise<number | null> =>
    (await machine.tryCreate({ linux: linux({ [field]: ['tmp'] }) })).code;
  const takes = (field: string) => ({
    runc: async (machine: Machine): Promise<void> => {
      expect(await relative(machine, field)).toBe(0);
    },
  });
  says(
    'masked.absolute',
    async (machine) => expect(await relative(machine, 'maskedPaths')).not.toBe(0),
    takes('maskedPaths'),
  );
  says('readonly', async (machine) => {
    const script =
      'for f in /mnt/file /proc/sys/kernel/hostname; do (echo x >$f) 2>&1 | grep -o "Read-only file system"; done; cat /mnt/file';
    const bundle = machine.bundle({ script, linux: linux({ readonlyPaths: ['/mnt', '/proc/sys', '/not/there'] }) });
    writeFileSync(join(bundle, 'rootfs/mnt/file'), 'text');
    expect((await machine.run(bundle)).stdout).toBe('Read-only file system\nRead-only file system\ntext');
  });
  says(
    'readonly.absolute',
    async (machine) => expect(await relative(machine, 'readonlyPaths')).not.toBe(0),
    takes('readonlyPaths'),
  );

  says('mount-label', async (machine, context) => {
    if (existsSync('/sys/fs/selinux/enforce')) context.skip('a label would have to be in the policy of this host');
    expect(
      (await machine.tryCreate({ linux: linux({ mountLabel: 'system_u:object_r:svirt_sandbox_file_t:s0' }) })).code,
    ).not.toBe(0);
  });

  const linux32 = { domain: 'LINUX32' };
  says(
    'personality',
    async (machine, context) => {
      const wanted = execFileSync('setarch', ['linux32', 'uname', '-m'], { encoding: 'utf8' }).trim();
      if (wanted === process.arch.replace('x64', 'x86_64')) context.skip('needs a kernel that has another name for it');
      expect(await machine.lines({ script: 'uname -m', linux: linux({ personality: linux32 }) })).toEqual([wanted]);
    },
    OTHERS.ignores('linux', linux({ personality: linux32 })),
  );
  says(
    'personality.flags',
    async (machine) => {
      const personality = { domain: 'LINUX', flags: ['ADDR_NO_RANDOMIZE'] };
      expect((await machine.tryCreate({ linux: linux({ personality }) })).code).not.toBe(0);
    },
    OTHERS.ignores('linux', linux({ personality: { domain: 'LINUX', flags: ['ADDR_NO_RANDOMIZE'] } })),
  );
});
