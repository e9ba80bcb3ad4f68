import { ConfigError } from '../../errors/config-error.js';
import type { SlotName, Step } from '../../plan/steps.js';
import type { Device, Spec } from '../../spec/types.js';
import { S_IFBLK, S_IFCHR, S_IFIFO, capabilityMask } from '../../util/linux.js';
import type { Context, Part } from '../context.js';
import { LINKS } from '../devices.js';
import { hasNamespace, hasTerminal } from '../questions.js';
import { ROOT } from '../stage.js';
import { indexMounts, isBind } from './mount.js';
import { cleanPath } from './place.js';
import { openSource } from './source.js';

/** @see config-linux.md "Default Devices" */
const DEFAULTS: readonly Device[] = (
  [
    ['null', 3],
    ['zero', 5],
    ['full', 7],
    ['random', 8],
    ['urandom', 9],
  ] as const
)
  .map(([name, minor]): Device => ({ type: 'c', path: `/dev/${name}`, major: 1, minor }))
  .concat({ type: 'c', path: '/dev/tty', major: 5, minor: 0 });

const PTMX = '/dev/ptmx';

const TYPES: Readonly<Record<Device['type'], number>> = { b: S_IFBLK, c: S_IFCHR, u: S_IFCHR, p: S_IFIFO };

/** Tells whether corral fills /dev: a host's one that is shown there has what it has. */
export function fillsDev({ mounts }: Pick<Spec, 'mounts'>): boolean {
  return !indexMounts(mounts).some(
    ({ mount, options }) => cleanPath(mount.destination) === '/dev' && isBind(mount, options) && !options.remount,
  );
}

/** Fills /dev, whether or not something is mounted there: devices, links, and a place for the terminal. */
export function compileEngineDevices(context: Context): Part {
  const { spec } = context;
  if (!fillsDev(spec)) return { steps: [] };
  const asked = (spec.linux.devices ?? []).map((device, index) => ({
    device,
    pointer: `/linux/devices/${String(index)}`,
  }));
  const defaults = DEFAULTS.filter(({ path }) => !asked.some(({ device }) => cleanPath(device.path) === path));
  const parts = [...defaults.map((device) => ({ device, pointer: device.path })), ...asked]
    // Of a devpts of the container's own, never another.
    .filter(({ device }) => cleanPath(device.path) !== PTMX)
    .map(({ device, pointer }, index) => makeDevice(context, device, { pointer, slot: `device.${String(index)}` }));
  return {
    fds: parts.flatMap(({ fds }) => fds ?? []),
    open: parts.flatMap(({ open }) => open ?? []),
    steps: [
      ...parts.flatMap(({ steps }) => steps),
      ...LINKS.map(([path, target]): Step =>
        path === PTMX
          ? { op: 'replace-symlink', root: ROOT, path, target }
          : { op: 'make-symlink', root: ROOT, path, target },
      ),
      // The terminal comes when nothing can be made any more.
      ...(hasTerminal(spec)
        ? [{ op: 'make-file', root: ROOT, path: '/dev/console', mode: 0o600, content: '' } as const]
        : []),
    ],
  };
}

function makeDevice(
  context: Context,
  device: Device,
  { pointer, slot }: { readonly pointer: string; readonly slot: SlotName },
): Part {
  const { type, fileMode = 0o666, uid = 0, gid = 0 } = device;
  if (!device.path.startsWith('/')) throw new ConfigError(`${pointer}/path`, device.path, 'an absolute path');
  const path = cleanPath(device.path);
  const number = type === 'p' ? 0 : deviceNumber(device, pointer);
  const mode = TYPES[type] | (fileMode & 0o7777);
  const make = { op: 'make-device', root: ROOT, path, mode, device: number, uid, gid } as const;
  if (type === 'p' || mayMakeNodes(context)) return { steps: [{ ...make, tree: undefined }] };
  return {
    ...openSource(context, { slot, path, recursive: false }),
    steps: [{ ...make, tree: slot }],
  };
}

// A node that was made in a user namespace opens nothing: mknod(2), and MNT_NODEV of the mounts there.
function mayMakeNodes({ spec, facts }: Context): boolean {
  const mknod = capabilityMask(['CAP_MKNOD']);
  return !hasNamespace(spec, 'user') && facts.userns.initial && (facts.caller.capabilities & mknod) !== 0n;
}

// As the kernel takes it: 12 bits of major in the middle of 20 of minor, makedev(3).
function deviceNumber({ major, minor }: Device, pointer: string): number {
  const checked = (name: string, value: number | undefined, most: number): number => {
    if (value !== undefined && Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw new ConfigError(`${pointer}/${name}`, value, `a number from 0 to ${String(most)}`);
  };
  const high = checked('major', major, 0xfff);
  const low = checked('minor', minor, 0xf_ffff);
  return (low % 0x100) + high * 0x100 + (low - (low % 0x100)) * 0x1000;
}
