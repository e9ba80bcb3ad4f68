import { readFileSync, readdirSync } from 'node:fs';
import type { Json } from '../../src/spec/config/json.js';

const FOLDER = new URL('../fixtures/configs/', import.meta.url);

/** The names of the config.json files that engines have written. */
export const ENGINE_CONFIGS: readonly string[] = readdirSync(FOLDER).filter((name) =>
  /^(?!.*[.](process|resources)[.]).*[.]json$/.test(name),
);

/** Returns the content of a file that an engine has written. */
export function readFixture(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER));
}

/** Returns a config.json with no more in it than it needs. */
export function minimalConfig(more: Readonly<Record<string, Json>> = {}): Record<string, Json> {
  return { ociVersion: '1.3.0', process: { args: ['sh'], cwd: '/' }, root: { path: 'rootfs' }, ...more };
}

/** JSON.stringify, with bigints as the numbers that they are. */
export function formatJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(formatJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${formatJson(each)}`).join(',')}}`;
}
