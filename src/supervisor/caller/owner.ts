import { readlinkSync } from 'node:fs';
import { RefusedError } from '../../errors/refused-error.js';
import type { HeldProcess } from './held-process.js';
import type { Requester } from './scope.js';
import type { Ancestor } from './select-base.js';

/**
 * Checks that somebody who is in none of the supervisor's containers may do everything: its own user or root, in the user and pid
 * namespaces that the supervisor is in. A container without a cgroup of its own is found out by those.
 *
 * @param ancestors - of the caller; none of them is that of a container of this supervisor's
 * @throws RefusedError EPERM
 */
export function checkOwner(held: HeldProcess, { uid }: Requester, ancestors: readonly Ancestor[]): void {
  const own = process.geteuid?.() ?? 0;
  if (uid !== own && uid !== 0) refuse(`it belongs to user ${String(uid)}, and the supervisor to ${String(own)}`);
  const stranger = ancestors.find(({ mark }) => mark !== undefined)?.mark;
  if (stranger !== undefined) refuse(`it is in container ${JSON.stringify(stranger)}, which is not this supervisor's`);
  for (const type of ['user', 'pid'] as const) {
    const namespace = held.namespace(type);
    // Root, to a supervisor that is not, does not show them.
    const isHidden = namespace === undefined && uid === 0 && own !== 0;
    if (!isHidden && namespace !== readOwnNamespace(type))
      refuse(`it is in another ${type} namespace, and in no container that this supervisor knows`);
  }
}

/** Returns what names a namespace of this process: `user:[4026531837]`. */
export function readOwnNamespace(type: 'pid' | 'user'): string {
  return readlinkSync(`/proc/self/ns/${type}`);
}

function refuse(hint: string): never {
  throw new RefusedError('answer caller', 'EPERM', { hint });
}
