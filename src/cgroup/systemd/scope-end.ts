import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CgroupError } from '../../errors/cgroup-error.js';
import { errnoNumber } from '../../util/errno.js';
import { now } from '../../util/now.js';
import { scopeDirectory } from './scope.js';
import type { CgroupRef } from '../types.js';
import { Manager } from './manager.js';

/** After this long, systemd is asked to do what it does by itself. */
const PATIENCE_MS = 2000;
/** And after this long in all, something is wrong with it. */
const TIMEOUT_MS = 10_000;

/**
 * Waits until systemd has removed the scope of a container in which nothing lives any more. Nobody else may remove its cgroup:
 * systemd would not learn of it, and keep the unit. For a container without a scope there is nothing to wait for.
 *
 * @throws CgroupError EBUSY when it is not gone in time, ContainerError with what systemd says
 */
export async function untilScopeGone(ref: CgroupRef): Promise<void> {
  const path = scopeDirectory(ref);
  if (path === undefined || ref.scope === undefined || (await isGoneWithin(path, PATIENCE_MS))) return;
  using manager = await Manager.connect();
  await manager.stop(ref.scope.unit);
  if (await isGoneWithin(path, TIMEOUT_MS - PATIENCE_MS)) return;
  const errno = errnoNumber('EBUSY') ?? 16;
  const failure = { action: `remove ${ref.scope.unit}`, syscall: 'rmdir', errno, cgroup: path };
  throw new CgroupError(failure, {
    hint: `systemd has not removed ${path}: systemctl status ${ref.scope.unit} may say why`,
  });
}

async function isGoneWithin(path: string, timeoutMs: number): Promise<boolean> {
  const deadline = now() + timeoutMs;
  for (let pause = 1; existsSync(path); pause = Math.min(pause * 2, 50)) {
    if (now() >= deadline) return false;
    await delay(pause);
  }
  return true;
}
