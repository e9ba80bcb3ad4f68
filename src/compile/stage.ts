import type { SlotName, Step } from '../plan/steps.js';
import { MOUNT_ATTR } from '../util/linux.js';
import { STAGE } from './layers.js';

/** The slot of the container's root directory, while it is put together. */
export const ROOT: SlotName = 'root';

/**
 * Returns the steps that make the stage: a tmpfs over a directory that every host has, in the container's own mount
 * namespace, where nobody else sees it. Whatever the plan needs from below that directory is opened before.
 *
 * @param path - the directory
 */
export function makeStage(path = '/tmp'): readonly Step[] {
  return [
    {
      op: 'mount',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['mode=0755'],
      root: undefined,
      target: path,
      attributes: MOUNT_ATTR.MOUNT_ATTR_NOSUID | MOUNT_ATTR.MOUNT_ATTR_NODEV,
      create: 0,
    },
    { op: 'open-directory', root: undefined, path, directory: STAGE },
    // overlayfs takes its layers by path: relative ones cannot be led astray by what is mounted where.
    { op: 'change-directory', root: STAGE, path: '.' },
  ];
}
