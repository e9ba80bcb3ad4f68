import type { State } from '../../container/state.js';
import { isAlive } from '../../container/identity.js';
import { RefusedError } from '../../errors/refused-error.js';
import { capabilityMask } from '../../util/linux.js';
import type { Caller } from '../caller/caller.js';
import { HeldProcess } from '../caller/held-process.js';
import { toInside } from '../caller/ids.js';
import type { ConfinedScope, Requester } from '../caller/scope.js';
import { isRoot } from '../cgroups/authority.js';
import { checkFilters } from './filters.js';

/** Who wants to run a command in a container, and in which. */
export interface Entering {
  readonly caller: Pick<Caller, 'rights' | 'namespace'>;
  readonly scope: Pick<ConfinedScope, 'requester'>;
  /** The container. */
  readonly target: Pick<State, 'spec' | 'init'>;
  /** The outermost one around the caller. */
  readonly outermost: Pick<State, 'spec' | 'init'>;
}

/**
 * Checks that a command in a container has no right that its caller has not: it has those of the container's own command, which another
 * process of that user may have started, one that has not given up as much.
 *
 * @param action - `exec in "job"`
 * @throws RefusedError EPERM
 * @see ptrace(2) "Ptrace access mode checking", which asks much the same
 */
export function checkMayEnter({ caller, scope, target, outermost }: Entering, action: string): void {
  const refuse = (hint: string): never => {
    throw new RefusedError(action, 'EPERM', { hint });
  };
  const rights = caller.rights();
  checkFilters(rights, outermost, action);
  const mask = rights.effective & rights.permitted & rights.bounding;
  const { capabilities, user } = target.spec.process;
  const more = capabilities.bounding.find((name) => (capabilityMask([name]) & ~mask) !== 0n);
  if (more !== undefined) refuse(`it has ${more}, and you have not`);
  const namespace = readUserNamespace(target);
  if (namespace === undefined) refuse('the supervisor is not root’s, and may not look at what was started from inside');
  if (caller.namespace('user') !== namespace) refuse('it is in another user namespace than you');
  if (isRoot(scope.requester)) return;
  const group = [user.gid, ...user.additionalGids].find((gid) => !isIn(gid, scope.requester));
  if (group !== undefined) refuse(`it is in group ${String(group)}, and you are not`);
}

function isIn(gid: number, { gid: own, groups, gids }: Requester): boolean {
  return [own, ...groups].some((group) => toInside(gids, group) === gid);
}

// Of a container that has ended meanwhile: nobody is in that.
function readUserNamespace({ init }: Pick<State, 'init'>): string | undefined {
  if (init === undefined) return '';
  using held = HeldProcess.open(init.pid);
  return isAlive(init) ? held.namespace('user') : '';
}
