import type { SlotName, Step } from '../plan/steps.js';
import { type Part } from './context.js';
import { STAGE } from './layers.js';
import { ROOT } from './stage.js';

/** The devices that every container has. @see config-linux.md "Default Devices" */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'] as const;

/** @see runtime-linux.md "Dev symbolic links" */
export const LINKS = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  // The terminals of the container's own devpts, never the host's.
  ['/dev/ptmx', 'pts/ptmx'],
] as const;

function slotOf(device: string): SlotName {
  return `dev-${device}`;
}

/** The slot of /dev/null, once the container's /dev is there. */
export const NULL_DEVICE: SlotName = slotOf('null');

/** /dev/null alone, for masks, where the container's /dev is a volume: on the stage, since a mask clones what is mounted. */
export function compileNullDevice(): Part {
  return {
    open: [openDevice('null')],
    steps: [
      { op: 'attach-mount', tree: NULL_DEVICE, root: STAGE, target: 'null', attributes: 0, recursive: 0, create: 1 },
    ],
  };
}

function openDevice(device: (typeof DEVICES)[number]): Step {
  return { op: 'open-tree', path: `/dev/${device}`, flags: 0, tree: slotOf(device) };
}

/** Fills a new /dev: the host's harmless devices, bound one by one (a user namespace cannot make nodes), and the links. */
export function compileDevices(): Part {
  return {
    open: DEVICES.map(openDevice),
    steps: [
      ...DEVICES.map((device): Step => ({
        op: 'attach-mount',
        tree: slotOf(device),
        root: ROOT,
        target: `/dev/${device}`,
        attributes: 0,
        recursive: 0,
        create: 1,
      })),
      ...LINKS.map(([path, target]): Step => ({ op: 'make-symlink', root: ROOT, path, target })),
    ],
  };
}
