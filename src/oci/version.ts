import { readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { printOut } from '../cli/print.js';
import { OCI_VERSION } from '../spec/versions.js';

/** Prints what engines read: podman takes the last line, containerd's client looks for `runc version` and `spec:`. */
export function printVersion(): void {
  printOut(`corral-oci version ${readVersion()}\nspec: ${OCI_VERSION}\n`);
}

/** The package's version. */
export function readVersion(): string {
  // dist/cli is two below the package.
  const path = join(import.meta.dirname, '..', '..', 'package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
  return version;
}
