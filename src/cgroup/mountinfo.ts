/** One line of /proc/self/mountinfo. */
export interface MountEntry {
  readonly id: number;
  readonly parent: number;
  /** The directory of the file system that forms the top of the mount. */
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/**
 * Returns the mounts of /proc/self/mountinfo, in its order; lines that are none are left out.
 *
 * @see proc_pid_mountinfo(5)
 */
export function parseMountinfo(text: string): readonly MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const entry = parseLine(line);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

// 36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue
function parseLine(line: string): MountEntry | undefined {
  const fields = line.split(' ');
  const dash = fields.indexOf('-', 6);
  const [id, parent, , root, point, options] = fields;
  const [type, source, superOptions] = fields.slice(dash + 1);
  if (dash < 0 || root === undefined || point === undefined || options === undefined || type === undefined) return;
  return {
    id: Number(id),
    parent: Number(parent),
    root: unescape(root),
    point: unescape(point),
    options: options.split(','),
    type,
    source: unescape(source ?? ''),
    superOptions: (superOptions ?? '').split(','),
  };
}

// The kernel writes space, tab, newline and backslash as three octal digits.
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Tells whether another mount lies over `mount` or over a directory on the way to it. */
export function isHidden(mount: MountEntry, mounts: readonly MountEntry[]): boolean {
  if (mounts.some((other) => other !== mount && other.parent === mount.id && other.point === mount.point)) return true;
  return isBlocked(mount, mounts);
}

function isBlocked(mount: MountEntry, mounts: readonly MountEntry[]): boolean {
  const parent = mounts.find((other) => other.id === mount.parent && other !== mount);
  if (parent === undefined) return false;
  const inTheWay = mounts.some(
    (other) => other !== mount && other.parent === parent.id && mount.point.startsWith(`${other.point}/`),
  );
  return inTheWay || isBlocked(parent, mounts);
}
