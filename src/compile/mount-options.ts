import { MOUNT_ATTR } from '../util/linux.js';

/** A mount's options, sorted into what the kernel takes where. */
export interface MountOptions {
  /** MOUNT_ATTR_* bits. */
  readonly attributes: number;
  /** A bind mount takes its submounts along. */
  readonly recursive: boolean;
  /** For the file system itself: `mode=0755`. */
  readonly data: readonly string[];
}

const ATTRIBUTES: Readonly<Record<string, number>> = {
  ro: MOUNT_ATTR.MOUNT_ATTR_RDONLY,
  nosuid: MOUNT_ATTR.MOUNT_ATTR_NOSUID,
  nodev: MOUNT_ATTR.MOUNT_ATTR_NODEV,
  noexec: MOUNT_ATTR.MOUNT_ATTR_NOEXEC,
  noatime: MOUNT_ATTR.MOUNT_ATTR_NOATIME,
  strictatime: MOUNT_ATTR.MOUNT_ATTR_STRICTATIME,
  nodiratime: MOUNT_ATTR.MOUNT_ATTR_NODIRATIME,
};

/** What takes one of these back, or asks for what is so anyway. */
const CLEARED: Readonly<Record<string, number>> = {
  defaults: 0,
  rw: MOUNT_ATTR.MOUNT_ATTR_RDONLY,
  suid: MOUNT_ATTR.MOUNT_ATTR_NOSUID,
  dev: MOUNT_ATTR.MOUNT_ATTR_NODEV,
  exec: MOUNT_ATTR.MOUNT_ATTR_NOEXEC,
  atime: MOUNT_ATTR.MOUNT_ATTR_NOATIME,
  relatime: MOUNT_ATTR.MOUNT_ATTR_NOATIME | MOUNT_ATTR.MOUNT_ATTR_STRICTATIME,
  diratime: MOUNT_ATTR.MOUNT_ATTR_NODIRATIME,
};

/** Sorts a mount's options; of two that contradict each other the later one counts. @see config.md "Linux mount options" */
export function sortMountOptions(options: readonly string[]): MountOptions {
  let attributes = 0;
  let recursive = false;
  const data: string[] = [];
  for (const option of options) {
    const bit = ATTRIBUTES[option];
    const cleared = CLEARED[option];
    if (bit !== undefined) attributes |= bit;
    else if (cleared !== undefined) attributes &= ~cleared;
    else if (option === 'rbind') recursive = true;
    else if (option !== 'bind') data.push(option);
  }
  return { attributes, recursive, data };
}
