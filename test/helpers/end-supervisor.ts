import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { connect } from '../../src/supervisor/connect.js';

/** Ends the supervisor of a state directory, where one runs, with all its containers, and removes what stays on purpose. */
export async function endSupervisor(stateDir: string): Promise<void> {
  const client = await connect({ stateDir, start: false }).catch(() => undefined);
  if (client === undefined) return;
  for (const { id } of await client.list()) await client.remove(id, { force: true });
  const { pid } = await client.info();
  client.close();
  // Asked by its own socket a moment ago: the pid is no other's.
  process.kill(pid, 'SIGTERM');
  await untilGone(pid);
  for (const name of ['api', 'data', 'supervisor.lock']) rmSync(join(stateDir, name), { recursive: true });
}

/** Waits until a process is gone. */
export async function untilGone(pid: number): Promise<void> {
  await expect.poll(() => existsSync(`/proc/${String(pid)}`), { timeout: 10_000 }).toBe(false);
}
