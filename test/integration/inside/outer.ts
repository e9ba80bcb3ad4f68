import { mkdirSync, writeFileSync } from 'node:fs';
import { readHostFacts } from '../../../src/host/read-facts.js';
import { DEFAULT_CAPABILITIES } from '../../../src/spec/defaults.js';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { CAPABILITIES, capabilityMask } from '../../../src/util/linux.js';

/**
 * A container of another runtime, as Docker would have it made: the host's root as an overlay, the filter, the capabilities,
 * masked and read-only paths, and cgroup v2 in a namespace of its own.
 */
export interface Outer {
  readonly seccomp: 'docker' | 'unconfined';
  /** As with `--security-opt systempaths=unconfined`. */
  readonly unmasked?: boolean;
  readonly uid?: number;
  /** As with `--privileged`. */
  readonly privileged?: boolean;
}

/** Where the command line is, inside. */
export const CORRAL = 'node /opt/corral/dist/cli/corral.cjs';

/**
 * Returns the command that runs a shell script in such a container; it needs a cgroup of its own, root, and crun(1).
 *
 * @param directory - an empty one, for the bundle
 * @param program - a copy of corral that every user can read
 */
export function inOuter(
  outer: Outer,
  script: string,
  { directory, program }: { readonly directory: string; readonly program: string },
): readonly [command: readonly string[], options: SpawnOptions] {
  mkdirSync(`${directory}/rootfs`);
  writeFileSync(`${directory}/config.json`, JSON.stringify(makeConfig(outer, script, directory, program)));
  // In a mount namespace of its own: the overlay goes with it. crun takes a host for hybrid by what is mounted there.
  const setUp = `
    if [ -d /sys/fs/cgroup/unified ]; then mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup; fi
    mkdir ${directory}/layer && mount -t tmpfs layer ${directory}/layer
    mkdir ${directory}/layer/upper ${directory}/layer/work
    mount -t overlay overlay -o lowerdir=/,upperdir=${directory}/layer/upper,workdir=${directory}/layer/work ${directory}/rootfs
    touch ${directory}/rootfs/.dockerenv
    exec crun --root ${directory}/crun --cgroup-manager=disabled run --bundle ${directory} outer-${String(process.pid)}`;
  return [['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', setUp], { isolation: 'cgroup' }];
}

function makeConfig(outer: Outer, script: string, directory: string, program: string): object {
  const { uid = 0, privileged = false, unmasked = privileged } = outer;
  const capabilities = privileged ? callersCapabilities() : DEFAULT_CAPABILITIES;
  const effective = uid === 0 ? capabilities : [];
  return {
    ociVersion: '1.0.2',
    hostname: 'outer',
    root: { path: `${directory}/rootfs`, readonly: false },
    process: {
      terminal: false,
      user: { uid, gid: uid },
      args: ['sh', '-c', script],
      cwd: '/',
      env: [`PATH=${process.env['PATH'] ?? ''}`, 'CORRAL_STATE_DIR=/tmp/corral-state'],
      noNewPrivileges: false,
      capabilities: { bounding: capabilities, effective, permitted: effective, inheritable: [], ambient: [] },
    },
    mounts: makeMounts(privileged, program),
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network', 'cgroup'].map((type) => ({ type })),
      ...(outer.seccomp === 'unconfined' || privileged ? {} : { seccomp: makeFilter() }),
      ...(unmasked ? {} : { maskedPaths: MASKED, readonlyPaths: READ_ONLY }),
    },
  };
}

/** Those that this process can pass on: not every root has them all. */
function callersCapabilities(): readonly string[] {
  const { capabilities } = readHostFacts({ paths: [], cwd: '/' }).caller;
  return CAPABILITIES.filter((name) => (capabilityMask([name]) & capabilities) !== 0n);
}

const MASKED = ['asound', 'acpi', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug', 'scsi']
  .map((name) => `/proc/${name}`)
  .concat('/sys/firmware');
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

function makeMounts(privileged: boolean, program: string): readonly object[] {
  const mount = (destination: string, type: string, ...options: string[]): object => ({
    destination,
    type,
    source: type,
    options,
  });
  const access = privileged ? 'rw' : 'ro';
  return [
    mount('/proc', 'proc', 'nosuid', 'noexec', 'nodev'),
    mount('/dev', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
    mount('/dev/pts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'),
    mount('/dev/shm', 'tmpfs', 'nosuid', 'noexec', 'nodev', 'mode=1777'),
    mount('/dev/mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
    mount('/sys', 'sysfs', 'nosuid', 'noexec', 'nodev', access),
    mount('/sys/fs/cgroup', 'cgroup2', 'nosuid', 'noexec', 'nodev', access),
    { destination: '/opt/corral', type: 'bind', source: program, options: ['rbind', 'ro'] },
  ];
}

/** What Docker's profile says, without CAP_SYS_ADMIN, of the calls that corral makes. */
function makeFilter(): object {
  const deny = (names: readonly string[], errnoRet: number, args?: readonly object[]): object => {
    return { names, action: 'SCMP_ACT_ERRNO', errnoRet, ...(args === undefined ? {} : { args }) };
  };
  const mountCalls = ['mount', 'umount2', 'pivot_root', 'open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount'];
  // CLONE_NEWNS, CLONE_NEWCGROUP and from CLONE_NEWUTS to CLONE_NEWNET: a rule for each bit.
  const flags = [0x0002_0000, 0x0200_0000, ...[26, 27, 28, 29, 30].map((bit) => 2 ** bit)];
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      deny(['unshare', 'setns', ...mountCalls, 'fspick', 'mount_setattr', 'bpf'], EPERM),
      ...flags.map((flag) =>
        deny(['clone'], EPERM, [{ index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }]),
      ),
      deny(['clone3'], ENOSYS),
    ],
  };
}

const EPERM = 1;
const ENOSYS = 38;
