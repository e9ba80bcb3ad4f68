/**
 * Returns the numbers of a flat keyed file: `oom_kill 3` becomes `oom_kill → 3`. A line without a number is left out.
 *
 * @see cgroup-v2.rst "Format"
 */
export function parseFlatKeyed(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\S+) (\d+)$/.exec(line) ?? [];
    if (key !== undefined) values.set(key, Number(value));
  }
  return values;
}

/**
 * Returns the number in a single-value file; `undefined` for `max` and for anything else that is no number.
 *
 * @see cgroup-v2.rst "Format"
 */
export function parseSingle(text: string): number | undefined {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

/** Returns the words of a space-separated file such as `cgroup.controllers`. */
export function parseWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Pressure of one resource: for how long tasks stalled for want of it. */
export interface Pressure {
  /** Milliseconds in which at least one task stalled. */
  readonly someMs: number;
  /** Milliseconds in which all tasks stalled at once; absent where the kernel does not say. */
  readonly fullMs?: number;
  /** Percent of the last 10 seconds in which at least one task stalled. */
  readonly someAvg10: number;
}

/**
 * Returns what a pressure file says, or `undefined` when it says nothing.
 *
 * @see Documentation/accounting/psi.rst
 */
export function parsePressure(text: string): Pressure | undefined {
  const [, someAvg10, someUs] = /^some avg10=([\d.]+) .*total=(\d+)$/m.exec(text) ?? [];
  const [, fullUs] = /^full .*total=(\d+)$/m.exec(text) ?? [];
  if (someUs === undefined) return undefined;
  return {
    someMs: Number(someUs) / 1000,
    ...(fullUs !== undefined && { fullMs: Number(fullUs) / 1000 }),
    someAvg10: Number(someAvg10),
  };
}
