import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SpawnOptions } from '../../src/container/spawn.js';

const SUPERVISOR = fileURLToPath(new URL('supervisor.mjs', import.meta.url));

/**
 * Starts a process that owns containers, and waits until it, or its container, says `ready`.
 *
 * @param mode - `hold`: one container, to its end; `churn`: one after another
 */
export async function startOwner(
  mode: 'hold' | 'churn',
  command: readonly string[],
  options: SpawnOptions,
): Promise<ChildProcess> {
  const job = JSON.stringify({ mode, command, options });
  const child = spawn(process.execPath, [SUPERVISOR, job], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of child.stdout) if (String(chunk).includes('ready')) return child;
  throw new Error('the owner ended before it was ready: is the package built?');
}

/** Kills a process without a chance to clear up, and waits for its end. */
export async function killHard(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
