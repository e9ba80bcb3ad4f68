import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.js';

/**
 * Mounts a tmpfs on this host for the time of `run`.
 *
 * @param options - `below`: a directory `0`, `1`, … for each, a mount of itself, with a tmpfs `below` in it that has this option; without it
 *   one at the top
 */
export async function withMounts<T>(
  machine: Machine,
  { shared = false, below }: { readonly shared?: boolean; readonly below?: readonly string[] },
  run: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = machine.directory();
  mount('-o', 'mode=755', '-t', 'tmpfs', 'tmpfs', directory);
  try {
    if (shared) mount('--make-shared', directory);
    const places =
      below === undefined ? [['', 'rw'] as const] : below.map((option, index) => [String(index), option] as const);
    for (const [name, option] of places) {
      const path = join(directory, name, 'below');
      mkdirSync(path, { recursive: true });
      mount('-o', `mode=755,${option}`, '-t', 'tmpfs', 'tmpfs', path);
    }
    return await run(directory);
  } finally {
    execFileSync('umount', ['-R', directory]);
  }
}

/**
 * Starts somebody with namespaces of their own, for the time of `run`.
 *
 * @param flags - of unshare(1)
 * @param setup - a script for sh in them
 * @param run - gets their pid
 */
export async function withNamespaces<T>(
  flags: readonly string[],
  setup: string,
  run: (pid: string) => Promise<T>,
): Promise<T> {
  const script = `${setup === '' ? '' : `${setup} && `}echo ready && exec sleep 1000`;
  const child = spawn('unshare', [...flags, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    await Promise.race([once(child.stdout, 'data'), exited.then(() => Promise.reject(new Error(`failed: ${setup}`)))]);
    return await run(String(child.pid));
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

function mount(...args: readonly string[]): void {
  execFileSync('mount', args);
}
