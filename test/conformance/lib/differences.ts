import { spawnSync } from 'node:child_process';
import type { Runtime } from '../../engines/runtimes.js';
import table from '../differences.json' with { type: 'json' };
import type { Key } from './sentences.js';

/** Something that a runtime does otherwise than the runtime-spec says. */
export interface Difference {
  readonly runtime: string;
  /** The {@link Key} of the sentence. */
  readonly sentence: string;
  readonly does: string;
  readonly because: string;
  /** The first version that does as it is told. */
  readonly until?: string;
}

/** For each runtime that differs, what it does. */
export type Differences<T> = Readonly<Record<string, T>>;

export const DIFFERENCES: readonly Difference[] = table;

/**
 * Returns what is known of how a runtime differs in a sentence; `undefined` when it does not.
 *
 * @throws when the table and the tests do not say the same
 */
export function readDifference<T>(
  runtime: Runtime,
  key: Key,
  checks: Differences<T>,
): (Difference & { readonly check: T }) | undefined {
  const row = DIFFERENCES.find((one) => one.runtime === runtime.name && one.sentence === key);
  const check = checks[runtime.name];
  if ((row === undefined) !== (check === undefined))
    throw new Error(`${key}: differences.json and the test do not agree about ${runtime.name}`);
  if (row === undefined || check === undefined) return undefined;
  return row.until !== undefined && isAtLeast(versionOf(runtime), row.until) ? undefined : { ...row, check };
}

const versions = new Map<string, string>();

function versionOf({ path }: Runtime): string {
  const known = versions.get(path) ?? readVersion(path);
  versions.set(path, known);
  return known;
}

function readVersion(path: string): string {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? '0.0.0';
}

function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) >= 0;
}
