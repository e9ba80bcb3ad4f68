import type { Socket } from 'node:net';
import { NotFoundError } from '../../errors/state-errors.js';
import { OptionError } from '../../errors/option-error.js';
import { type Caller as CallerProcess, identifyCaller, type States } from '../caller/caller.js';
import { scopeIn } from '../caller/owner-scope.js';
import type { CgroupScope, Scope } from '../caller/scope.js';
import { CgroupService } from '../cgroups/service.js';
import type { WhenEmpty } from '../cgroups/when-empty.js';
import { ConfinedFace, type Realm } from '../confined/face.js';
import type { Authorize, Caller, Confinement } from './caller.js';

/**
 * Makes what tells who calls, and what that may do. The process at the other end is found out once, when it has connected, and is let
 * go of with its connection; what it may do, with each request.
 *
 * @param states - of the supervisor's containers
 * @param whenEmpty - the supervisor's list of cgroups that are removed once nobody is in them
 * @param realm - the supervisor; without it, who is in a container may do nothing with containers
 * @param hidden - directories of the supervisor's, which no answer to somebody in a container names
 */
export function makeAuthorize(
  states: States,
  whenEmpty: WhenEmpty,
  realm?: Realm,
  hidden: readonly string[] = [],
): Authorize {
  const known = new WeakMap<Socket, () => CallerProcess>();
  return (socketFd, connection) => {
    let identified = known.get(connection);
    if (identified === undefined) {
      identified = identify(socketFd, connection, states);
      known.set(connection, identified);
    }
    const process = identified();
    const confined = realm === undefined ? {} : { face: new ConfinedFace(realm, process, states, hidden) };
    return describeCaller(process.scope(), confined, (container) => {
      // Anew: since the head of the request it may have moved, or died.
      return new CgroupService(selectScope(process.scope(), container, states), whenEmpty);
    });
  };
}

// A connection that was refused once stays so: on old kernels its pid may be another's later.
function identify(socketFd: number, connection: Socket, states: States): () => CallerProcess {
  try {
    const process = identifyCaller(socketFd, states);
    if (connection.destroyed) process.close();
    else connection.once('close', () => process.close());
    return () => process;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function describeCaller(scope: Scope, confined: Confinement, cgroups: NonNullable<Caller['cgroups']>): Caller {
  if (scope.kind === 'owner') return { key: `user ${String(scope.requester.uid)}`, cgroups };
  return { key: `container ${scope.container}`, confined, cgroups };
}

function selectScope(scope: Scope, container: string | undefined, states: States): CgroupScope {
  if (scope.kind === 'confined') {
    if (container === undefined) return scope;
    throw new OptionError('container', container, 'to be given inside a container: your own cgroup is meant');
  }
  if (container === undefined) throw new OptionError('container', container, 'the name of a container');
  const state = states.read(container);
  if (state === undefined) throw new NotFoundError(container);
  return scopeIn(scope, state);
}
