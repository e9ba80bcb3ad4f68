import { chmodSync, cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What of a checkout the command line consists of. */
const PARTS = ['package.json', 'dist/cli', 'build/Release/corral.node', 'build/Release/corral-init'];

/**
 * Copies the built command line to where every user can read it: a checkout may lie in somebody's home.
 *
 * @returns the directory, which the caller removes; `dist/cli/corral.cjs` in it is the program
 */
export function makeReadableCopy(): string {
  const directory = mkdtempSync(join(tmpdir(), 'corral-test-copy-'));
  chmodSync(directory, 0o755);
  for (const part of PARTS) {
    mkdirSync(join(directory, part, '..'), { recursive: true });
    cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  }
  return directory;
}
