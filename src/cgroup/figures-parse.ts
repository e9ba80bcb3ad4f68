/** What cgroup v2 calls `max`: the largest number of 64 bits, as engines write it. */
export const NO_LIMIT = 2n ** 64n - 1n;

/** Returns the number in a single-value file; `undefined` for `max`, and for anything else that is no number. */
export function parseUint(text: string | undefined): bigint | undefined {
  const trimmed = text?.trim();
  return trimmed !== undefined && /^\d+$/.test(trimmed) ? BigInt(trimmed) : undefined;
}

/** Returns the numbers of a flat keyed file; of one that is not there, none. @see cgroup-v2.rst "Format" */
export function parseNumbers(text: string | undefined): Readonly<Record<string, bigint>> {
  const entries = (text ?? '').split('\n').flatMap((line) => {
    const [, key, value] = /^(\S+) (\d+)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, BigInt(value)] as const];
  });
  return Object.fromEntries(entries);
}

/** A count of one device. */
export interface DeviceCount {
  readonly major: bigint;
  readonly minor: bigint;
  /** `Read`, `Write` and so on; absent for a count of all. */
  readonly operation?: string;
  readonly value: bigint;
}

/** Returns the counts of a v1 file: `8:0 Read 4096`, or `8:0 4096`. @see cgroup-v1/blkio-controller.rst */
export function parseDeviceCounts(text: string | undefined): readonly DeviceCount[] {
  return (text ?? '').split('\n').flatMap((line) => {
    const [, major, minor, operation, value] = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line) ?? [];
    if (major === undefined || minor === undefined || value === undefined) return [];
    const count = { major: BigInt(major), minor: BigInt(minor), value: BigInt(value) };
    return [operation === undefined ? count : { ...count, operation }];
  });
}

/** Returns counts of `io.stat`: `8:0 rbytes=4096 wbytes=0 …`. @param keys - those that are wanted, with v1's names */
export function parseIoCounts(text: string, keys: Readonly<Record<string, string>>): readonly DeviceCount[] {
  return text.split('\n').flatMap((line) => {
    const [, major, minor, rest = ''] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
    if (major === undefined || minor === undefined) return [];
    return [...rest.matchAll(/(\w+)=(\d+)/g)].flatMap(([, key = '', value = '0']) => {
      const operation = keys[key];
      if (operation === undefined) return [];
      return [{ major: BigInt(major), minor: BigInt(minor), operation, value: BigInt(value) }];
    });
  });
}

/** How long tasks have stalled for want of a resource: one at least, or all of them. @see Documentation/accounting/psi.rst */
export interface Stall {
  readonly some: StallTimes;
  readonly full?: StallTimes;
}

/** Percent of the last 10, 60 and 300 seconds, and microseconds in all. */
export interface StallTimes {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: bigint;
}

/** Returns what a pressure file says, or `undefined` when it says nothing. */
export function parseStall(text: string | undefined): Stall | undefined {
  const [some, full] = ['some', 'full'].map((kind) => {
    const pattern = new RegExp(`^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`, 'm');
    const [, avg10, avg60, avg300, total] = pattern.exec(text ?? '') ?? [];
    if (total === undefined) return undefined;
    return { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), total: BigInt(total) };
  });
  return some === undefined ? undefined : { some, ...(full && { full }) };
}
