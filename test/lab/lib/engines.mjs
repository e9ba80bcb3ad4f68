// How each engine is told to boot a guest: command lines only, so that they can be read and tested without one.

/**
 * @typedef {object} Machine
 * @property {string} cache directory of the engine's unpacked packages
 * @property {string} image the guest's root file system
 * @property {boolean} [isKept] what is written to that stays in it, for the next boot
 * @property {string} project the ext4 image of the project
 * @property {string} initramfs
 * @property {string} scratch directory of this guest alone
 * @property {string} [shim] the library that goes before UML's ptrace
 * @property {number} memoryMiB
 * @property {'plain' | 'systemd'} boot
 *
 * @typedef {object} CommandLine
 * @property {string} file
 * @property {string[]} args
 * @property {Record<string, string>} env
 */

/** Descriptors that the engine inherits, beside the standard ones. */
export const CHANNELS = /** @type {const} */ (['console', 'out', 'err', 'result']);

/** The first of them; the others follow. */
const FIRST_FD = 3;

/** @param {(typeof CHANNELS)[number]} channel */
const fdOf = (channel) => FIRST_FD + CHANNELS.indexOf(channel);

/**
 * User-mode Linux: /dev/tty1 to /dev/tty3 are the channels, /dev/ubda and /dev/ubdb the drives, written to files of their own
 * beside them (copy on write).
 *
 * @param {Machine & { kernel: string, memoryDir: string }} machine `memoryDir`: where the guest's memory is a file
 * @returns {CommandLine}
 */
export function umlCommand(machine) {
  const drive = (/** @type {string} */ name, /** @type {string} */ path) =>
    `${name}=${machine.scratch}/${name}.cow,${path}`;
  return {
    file: machine.kernel,
    args: [
      `mem=${machine.memoryMiB}M`,
      'umid=lab',
      `uml_dir=${machine.scratch}/`,
      `initrd=${machine.initramfs}`,
      machine.isKept === true ? `ubd0=${machine.image}` : drive('ubd0', machine.image),
      drive('ubd1', machine.project),
      'con=null',
      `con0=null,fd:${fdOf('console')}`,
      `con1=null,fd:${fdOf('out')}`,
      `con2=null,fd:${fdOf('err')}`,
      `con3=null,fd:${fdOf('result')}`,
      ...kernelArguments(machine.boot),
    ],
    env: { TMPDIR: machine.memoryDir, ...(machine.shim === undefined ? {} : { LD_PRELOAD: machine.shim }) },
  };
}

/**
 * QEMU without KVM: ports of a virtio console are the channels, /dev/vda and /dev/vdb the drives, whose changes are forgotten.
 *
 * @param {Machine & { kernel: string }} machine
 * @returns {CommandLine}
 */
export function qemuCommand(machine) {
  // Nobody writes to the file itself, and other guests use it at the same time: user-mode Linux keeps a lock on it.
  const drive = (/** @type {string} */ path, keeps = false) => [
    '-drive',
    `if=virtio,format=raw,${keeps ? '' : 'snapshot=on,'}cache=unsafe,file.locking=off,file.filename=${path}`,
  ];
  const port = (/** @type {(typeof CHANNELS)[number]} */ name) => [
    ...['-chardev', `file,id=${name},append=on,path=/proc/self/fd/${fdOf(name)}`],
    ...['-device', `virtserialport,chardev=${name},name=lab.${name}`],
  ];
  const share = `${machine.cache}/usr/share`;
  const libraries = `${machine.cache}/usr/lib/x86_64-linux-gnu`;
  return {
    file: `${machine.cache}/usr/bin/qemu-system-x86_64`,
    args: [
      ...['-L', `${share}/qemu`, '-L', `${share}/seabios`],
      ...['-accel', 'tcg,thread=multi', '-machine', 'q35', '-cpu', 'max', '-smp', '2', '-m', String(machine.memoryMiB)],
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-device', 'virtio-rng-pci'],
      ...drive(machine.image, machine.isKept),
      ...drive(machine.project),
      ...['-device', 'virtio-serial-pci', ...port('out'), ...port('err'), ...port('result')],
      ...['-chardev', `file,id=console,append=on,path=/proc/self/fd/${fdOf('console')}`, '-serial', 'chardev:console'],
      ...['-kernel', machine.kernel, '-initrd', machine.initramfs],
      ...['-append', ['console=ttyS0', 'panic=-1', 'mitigations=off', ...kernelArguments(machine.boot)].join(' ')],
    ],
    env: {
      // Where it writes what a snapshot drive has changed.
      TMPDIR: machine.scratch,
      LD_LIBRARY_PATH: `${libraries}:${machine.cache}/lib/x86_64-linux-gnu`,
      QEMU_MODULE_DIR: `${libraries}/qemu`,
    },
  };
}

/** @param {'plain' | 'systemd'} boot */
function kernelArguments(boot) {
  if (boot === 'plain') return ['quiet'];
  return ['quiet', 'systemd.unified_cgroup_hierarchy=1', 'systemd.show_status=0', 'systemd.unit=lab.target'];
}
