// Builds dist/types: the declarations of src/index.ts and of what it takes them from, and of nothing else of src.
//
// Not in one file: tools that merge declarations turn `export type { Container }` into a class that can be constructed, and
// the names of `export * as lowlevel` into aliases that the declarations of users' own libraries cannot refer to.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const types = join(root, 'dist/types');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
prune(types, findNeeded(join(types, 'index.d.ts')));

/** The files that a file leads to, itself included. */
function findNeeded(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const targets = readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)\.js'/g);
  for (const [, target] of targets) findNeeded(join(dirname(file), `${target}.d.ts`), found);
  return found;
}

/** Removes all other files, and the directories that are empty then. @returns whether something is left */
function prune(directory, needed) {
  const left = readdirSync(directory, { withFileTypes: true }).filter((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return prune(path, needed);
    if (!needed.has(path)) rmSync(path);
    return needed.has(path);
  });
  if (left.length === 0) rmdirSync(directory);
  return left.length > 0;
}
