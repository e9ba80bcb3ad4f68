import { expect } from 'vitest';
import { DEFAULT_CAPABILITIES } from '../../src/spec/defaults.js';
import { type Json, ordinaryNamespaces } from './lib/config.js';
import { tellingHook, readOrder } from './lib/hooks.js';
import type { Machine } from './lib/machine.js';
import { describeSection } from './lib/section.js';

/** What is used of a features document. */
interface Features {
  readonly ociVersionMin: string;
  readonly ociVersionMax: string;
  readonly hooks: readonly string[];
  readonly mountOptions: readonly string[];
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly linux: {
    readonly namespaces: readonly string[];
    readonly capabilities: readonly string[];
    readonly seccomp: Readonly<
      Record<'actions' | 'operators' | 'archs' | 'knownFlags' | 'supportedFlags', readonly string[] | undefined>
    >;
    readonly memoryPolicy?: { readonly modes: readonly string[]; readonly flags: readonly string[] };
    readonly mountExtensions?: { readonly idmap?: { readonly enabled?: boolean } };
  };
}

/** What runtime-spec 1.3.0 defines: features.md and features-linux.md. */
const DEFINED = {
  '': [
    'ociVersionMin',
    'ociVersionMax',
    'hooks',
    'mountOptions',
    'linux',
    'annotations',
    'potentiallyUnsafeConfigAnnotations',
  ],
  linux: [
    'namespaces',
    'capabilities',
    'cgroup',
    'seccomp',
    'apparmor',
    'selinux',
    'memoryPolicy',
    'intelRdt',
    'mountExtensions',
    'netDevices',
  ],
  cgroup: ['v1', 'v2', 'systemd', 'systemdUser', 'rdma'],
  seccomp: ['enabled', 'actions', 'operators', 'archs', 'knownFlags', 'supportedFlags'],
} as const;

/** Options that file systems take, and not mount(2): not to be listed. */
const DATA = ['size', 'mode', 'uid', 'gid', 'nr_inodes', 'newinstance', 'ptmxmode', 'lowerdir', 'upperdir', 'workdir'];

/** What runc lists, and fails with. */
const RUNC_CANNOT = ['defaults'];

const linux = (more: Json): Json => ({ namespaces: ordinaryNamespaces(), ...more });
const policies = (...syscalls: readonly Json[]): Json =>
  linux({ seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls } });

/** Creates a container with each of a list in turn. @returns those that are not recognized */
async function unrecognized(
  machine: Machine,
  wishes: Readonly<Record<string, Json>>,
  unknown: RegExp,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [name, wish] of Object.entries(wishes)) {
    const { code, stderr, id } = await machine.tryCreate(wish);
    if (code !== 0 && unknown.test(stderr)) wrong.push(`${name}: ${stderr}`);
    if (code === 0) machine.delete(id, '--force');
  }
  return wrong;
}

describeSection('features.md and features-linux.md', ({ says, shared }) => {
  const features = shared((machine) => Promise.resolve(JSON.parse(machine.ok('features')) as Features));

  says('features.constant', async (machine) => {
    const { stdout } = machine.within(['unshare', '--mount', '--net', '--uts'], 'features');
    expect(JSON.parse(stdout)).toEqual(await features());
  });
  says('features.null', async () => {
    const values = (value: unknown): readonly unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(values) : [value];
    expect(values(await features())).not.toContain(null);
  });
  says('features.min', async (machine) => {
    const { ociVersionMin } = await features();
    expect(await machine.lines({ script: 'echo ran', top: { ociVersion: ociVersionMin } })).toEqual(['ran']);
  });
  says('features.max', async (machine) => {
    const { ociVersionMax } = await features();
    expect(await machine.lines({ script: 'echo ran', top: { ociVersion: ociVersionMax } })).toEqual(['ran']);
  });
  says('features.less', async () => {
    const { ociVersionMin, ociVersionMax } = await features();
    expect(ociVersionMin.localeCompare(ociVersionMax, 'en', { numeric: true })).toBeLessThanOrEqual(0);
  });
  says('features.properties', async () => {
    const all = (await features()) as unknown as Readonly<Record<string, Readonly<Record<string, object>>>>;
    const linuxPart = all['linux'] ?? {};
    expect(Object.keys(all).filter((key) => !DEFINED[''].includes(key as never))).toEqual([]);
    expect(Object.keys(linuxPart).filter((key) => !DEFINED.linux.includes(key as never))).toEqual([]);
    for (const part of ['cgroup', 'seccomp'] as const)
      expect(
        Object.keys(linuxPart[part] ?? {}).filter((key) => !DEFINED[part].includes(key as never)),
        part,
      ).toEqual([]);
  });
  says('features.hooks', async (machine) => {
    const dumps = machine.directory();
    const { hooks } = await features();
    const outside = hooks.filter((name) => name !== 'startContainer');
    await machine.run({ hooks: Object.fromEntries(outside.map((name) => [name, [tellingHook(dumps, name)]])) });
    expect([...readOrder(dumps)].sort()).toEqual([...outside].sort());
    const startContainer = [{ path: '/bin/touch', args: ['touch', '/told'] }];
    const listed = hooks.includes('startContainer');
    expect((await machine.run({ script: 'ls /told', hooks: { startContainer } })).stdout).toBe(listed ? '/told\n' : '');
  });
  /** A mount with each option; whoever does not know one hands it to the file system, which refuses it. */
  const withOptions = (options: readonly string[]): Json => ({
    mounts: options.map((option) => ({
      destination: option === 'remount' ? '/dev/shm' : `/mnt/${option}`,
      type: 'tmpfs',
      source: option.endsWith('bind') ? '/usr' : 'tmpfs',
      options: [option],
    })),
  });
  says(
    'features.mounts',
    async (machine) => {
      // Those two are of bind mounts, and have tests of their own.
      const options = (await features()).mountOptions.filter((option) => !option.endsWith('idmap'));
      expect(options.length).toBeGreaterThan(40);
      expect(await machine.tryCreate(withOptions(options))).toMatchObject({ code: 0, stderr: '' });
      expect((await machine.tryCreate(withOptions(['nosuch']))).code).not.toBe(0);
    },
    {
      runc: async (machine) => {
        // As in the test of the options themselves.
        const options = (await features()).mountOptions.filter((option) => !RUNC_CANNOT.includes(option));
        expect(await machine.tryCreate(withOptions(options))).toMatchObject({ code: 0, stderr: '' });
        for (const option of RUNC_CANNOT) {
          expect((await machine.tryCreate(withOptions([option]))).code, option).not.toBe(0);
        }
      },
    },
  );
  says('features.mounts-data', async () => {
    const { mountOptions } = await features();
    expect(mountOptions.filter((option) => DATA.includes(option) || option.includes('='))).toEqual([]);
  });
  says('features.annotations', async () => {
    for (const [key, value] of Object.entries((await features()).annotations ?? {})) {
      expect(key).not.toBe('');
      expect(typeof value).toBe('string');
    }
  });
  says('features.namespaces', async (machine) => {
    const { namespaces } = (await features()).linux;
    const unknown = await unrecognized(
      machine,
      Object.fromEntries(
        namespaces.map((type) => [
          type,
          {
            linux: {
              namespaces: [
                { type: 'mount' },
                { type: 'pid' },
                ...(type === 'mount' || type === 'pid' ? [] : [{ type }]),
              ],
              ...(type === 'user'
                ? {
                    uidMappings: [{ containerID: 0, hostID: 0, size: 1 }],
                    gidMappings: [{ containerID: 0, hostID: 0, size: 1 }],
                  }
                : {}),
            },
          },
        ]),
      ),
      /namespaces|unknown|not exist/,
    );
    expect(unknown).toEqual([]);
  });
  says('features.capabilities', async (machine) => {
    const { capabilities } = (await features()).linux;
    const { stderr } = await machine.create({
      process: {
        capabilities: { bounding: capabilities, effective: DEFAULT_CAPABILITIES, permitted: DEFAULT_CAPABILITIES },
      },
    });
    expect(stderr).not.toMatch(/unknown|no capability/i);
  });

  const words = async (key: keyof Features['linux']['seccomp']): Promise<readonly string[]> =>
    (await features()).linux.seccomp[key] ?? [];
  const each = (names: readonly string[], make: (name: string) => Json): Readonly<Record<string, Json>> =>
    Object.fromEntries(names.map((name) => [name, make(name)]));

  says('features.actions', async (machine) => {
    // One listens to what is not asked here.
    const actions = (await words('actions')).filter((action) => action !== 'SCMP_ACT_NOTIFY');
    expect(actions.length).toBeGreaterThan(5);
    const calls = [
      'getpgid',
      'getsid',
      'acct',
      'swapon',
      'swapoff',
      'reboot',
      'sethostname',
      'syslog',
      'vhangup',
      'quotactl',
    ];
    const rules = actions.map((action, index) => ({ names: [calls[index]], action }));
    expect(await machine.tryCreate({ linux: policies(...rules) })).toMatchObject({ code: 0, stderr: '' });
    const wrong = policies({ names: ['getpgid'], action: 'SCMP_ACT_NO_SUCH' });
    expect((await machine.tryCreate({ linux: wrong })).code).not.toBe(0);
  });
  says('features.operators', async (machine) => {
    const operators = await words('operators');
    const args = operators.map((op) => ({
      names: ['getpgid'],
      action: 'SCMP_ACT_ERRNO',
      args: [{ index: 0, value: 5, valueTwo: 1, op }],
    }));
    expect(operators.length).toBe(7);
    expect((await machine.tryCreate({ linux: policies(...args) })).code).toBe(0);
  });
  says('features.archs', async (machine) => {
    const seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: await words('archs'),
      syscalls: [{ names: ['getpgid'], action: 'SCMP_ACT_ERRNO' }],
    };
    const { code, stderr } = await machine.tryCreate({ linux: linux({ seccomp }) });
    // libseccomp knows them, and does not take those of other processors into one filter.
    expect(code === 0 || stderr.includes('numerical argument out of domain'), stderr).toBe(true);
    const wrong = { ...seccomp, architectures: ['SCMP_ARCH_NO_SUCH'] };
    expect((await machine.tryCreate({ linux: linux({ seccomp: wrong }) })).stderr).toMatch(
      /not a valid arch|not an architecture/,
    );
  });
  const flagsOf = async (machine: Machine, key: 'knownFlags' | 'supportedFlags'): Promise<number | null> => {
    const flags = await words(key);
    const seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      flags: flags.filter((flag) => !flag.includes('KILLABLE')),
      syscalls: [{ names: ['getpgid'], action: 'SCMP_ACT_ERRNO' }],
    };
    return (await machine.tryCreate({ linux: linux({ seccomp }) })).code;
  };
  says('features.flags', async (machine) => {
    expect(await flagsOf(machine, 'knownFlags')).toBe(0);
  });
  says('features.supported-flags', async (machine) => {
    expect(await flagsOf(machine, 'supportedFlags')).toBe(0);
  });

  const NODES: Readonly<Record<string, boolean>> = { MPOL_DEFAULT: false, MPOL_LOCAL: false };
  says('features.policy-modes', async (machine) => {
    const modes = (await features()).linux.memoryPolicy?.modes ?? [];
    const wishes = each(modes, (mode) => ({
      linux: linux({ memoryPolicy: { mode, ...((NODES[mode] ?? true) ? { nodes: '0' } : {}) } }),
    }));
    expect(await unrecognized(machine, wishes, /one of/)).toEqual([]);
    if (machine.name === 'corral-oci') expect(modes.length).toBe(7);
  });
  says('features.policy-flags', async (machine) => {
    const flags = (await features()).linux.memoryPolicy?.flags ?? [];
    const wishes = each(flags, (flag) => ({
      linux: linux({ memoryPolicy: { mode: 'MPOL_BIND', nodes: '0', flags: [flag] } }),
    }));
    expect(await unrecognized(machine, wishes, /one of/)).toEqual([]);
    if (machine.name === 'corral-oci') expect(flags.length).toBe(3);
  });
  says('features.idmap', async (machine) => {
    const enabled = (await features()).linux.mountExtensions?.idmap?.enabled ?? false;
    const ids = [{ containerID: 0, hostID: 700_000, size: 10 }];
    const mounts = [
      {
        destination: '/mnt',
        type: 'bind',
        source: machine.directory(),
        options: ['bind', 'idmap'],
        uidMappings: ids,
        gidMappings: ids,
      },
    ];
    const { stdout } = await machine.run({ script: 'stat -c %u /mnt', mounts });
    expect(stdout.trim() === '700000').toBe(enabled);
  });
});
