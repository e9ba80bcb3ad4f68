import { accessSync, constants, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A runtime that engines are pointed at. */
export interface Runtime {
  readonly name: string;
  /** Of its program. */
  readonly path: string;
  /** Why it cannot run here; absent when it can. */
  readonly missing?: string;
}

const OURS: Runtime = {
  name: 'corral-oci',
  path: fileURLToPath(new URL('../../dist/cli/corral-oci.cjs', import.meta.url)),
};

const RUNC = ['/usr/sbin/runc', '/usr/bin/runc', '/usr/local/bin/runc'].find((path) => existsSync(path));

/** corral-oci, and runc: what fails with that, too, is not ours. */
export const RUNTIMES: readonly Runtime[] = [
  OURS,
  { name: 'runc', path: RUNC ?? '', ...(RUNC === undefined ? { missing: 'needs the program runc' } : {}) },
];

/** Returns which of the programs are not in PATH. */
function missingPrograms(...names: readonly string[]): readonly string[] {
  const directories = (process.env['PATH'] ?? '').split(':');
  return names.filter((name) => !directories.some((directory) => isExecutable(`${directory}/${name}`)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why tests of engines cannot run here; `undefined` when they can. */
export function whyNot(...programs: readonly string[]): string | undefined {
  if (process.geteuid?.() !== 0) return 'needs root';
  const missing = missingPrograms(...programs);
  return missing.length === 0 ? undefined : `needs the program ${missing.join(', ')}`;
}
