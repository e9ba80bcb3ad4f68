/**
 * Reads lines of the form `name value`; a name that is there again has another line.
 *
 * @throws when something was written on standard error
 */
export function facts({
  stdout,
  stderr,
}: {
  readonly stdout: string;
  readonly stderr: string;
}): Readonly<Record<string, string>> {
  if (stderr !== '') throw new Error(stderr);
  const result: Record<string, string> = {};
  for (const line of stdout.trimEnd().split('\n')) {
    const [, name = '', value = ''] = /^(\S+)\s*(.*)$/.exec(line.trim()) ?? [];
    const before = result[name];
    result[name] = before === undefined ? value : `${before}\n${value}`;
  }
  return result;
}

/** What /proc/self/mountinfo says of one mount. */
export interface MountLine {
  readonly point: string;
  readonly options: readonly string[];
  /** `shared`, `master`, `unbindable`: without their numbers. */
  readonly tags: readonly string[];
  readonly type: string;
  readonly superOptions: readonly string[];
}

/** Reads a mountinfo, by the mount points; of several on one the last. @see proc_pid_mountinfo(5) */
export function readMounts(text: string): ReadonlyMap<string, MountLine> {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const fields = line.split(' ');
      const dash = fields.indexOf('-');
      return {
        point: fields[4] ?? '',
        options: (fields[5] ?? '').split(','),
        tags: fields.slice(6, dash).map((tag) => tag.replace(/:.*/, '')),
        type: fields[dash + 1] ?? '',
        superOptions: (fields[dash + 3] ?? '').split(','),
      };
    });
  return new Map(lines.map((line) => [line.point, line]));
}
