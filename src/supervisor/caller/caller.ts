import { readFileSync } from 'node:fs';
import { readLayout } from '../../cgroup/facts.js';
import { readInode } from '../../cgroup/files.js';
import type { Store } from '../../container/store.js';
import { isAlive, type ProcessIdentity, readIdentity } from '../../container/identity.js';
import { RefusedError } from '../../errors/refused-error.js';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { readAncestors } from './ancestors.js';
import { HeldProcess } from './held-process.js';
import { holdPeer } from './hold-peer.js';
import { type IdMap, parseIdMap, SAME_IDS, toInside } from './ids.js';
import { findMembership, type Membership } from './membership.js';
import { checkOwner, readOwnNamespace } from './owner.js';
import { type Picture, takePicture } from './picture.js';
import { parseRights, type Rights } from './rights.js';
import type { ConfinedScope, Requester, Scope } from './scope.js';
import { type Ancestor, findOutermost, isWithin, listWay, selectBase } from './select-base.js';
import { hasSameIds, type ProcessStatus } from './status.js';

/** The states of the supervisor's containers. */
export type States = Pick<Store, 'read'>;

/**
 * The process that has connected to the supervisor's socket. It stays the caller of that connection, whoever has the other end by
 * now: a process that is handed a connection acts for the one that made it, and for nobody once that has ended.
 */
export class Caller implements Disposable {
  readonly #held: HeldProcess;
  readonly #states: States;
  readonly #atAccept: ProcessStatus;

  /** Use {@link identifyCaller}. */
  constructor(held: HeldProcess, states: States) {
    this.#held = held;
    this.#states = states;
    this.#atAccept = held.status();
  }

  /** In the supervisor's pid namespace. */
  get pid(): number {
    return this.#held.pid;
  }

  /** Effective, as of the connection, in the supervisor's user namespace. */
  get uid(): number {
    return this.#atAccept.uids[1] ?? -1;
  }

  /** Likewise. */
  get gid(): number {
    return this.#atAccept.gids[1] ?? -1;
  }

  /**
   * Judges the caller by what it is at this moment: for each request anew.
   *
   * @throws RefusedError ESRCH where it has ended, EPERM where it has become somebody else (by a set-user-ID program, say) or is
   *   nobody who may ask, EACCES where its container was not given the socket
   */
  scope(): Scope {
    const status = this.#held.status();
    if (!hasSameIds(this.#atAccept, status))
      throw new RefusedError('answer caller', 'EPERM', {
        hint: 'its ids have changed since it connected: connect anew',
      });
    const { v2 } = readLayout();
    const membership = v2 && findMembership(this.#held, v2);
    const ancestors = v2 && membership ? readAncestors(membership.path, v2, this.#states) : [];
    const requester = this.#readRequester(status);
    if (v2 === undefined || membership === undefined || findOutermost(ancestors) === undefined) {
      checkOwner(
        this.#held,
        requester,
        ancestors.filter(({ path }) => !isWithin(path, v2?.own ?? '')),
      );
      return { kind: 'owner', requester };
    }
    return this.#confine(requester, membership, ancestors);
  }

  /** Who it is, for somebody who looks for it later. @throws RefusedError ESRCH */
  identity(): ProcessIdentity {
    const identity = this.#held.look(() => readIdentity(this.#held.pid));
    if (identity !== undefined) return identity;
    throw new RefusedError('identify process', 'ESRCH', { hint: 'it has ended' });
  }

  /** What names one of its namespaces; `undefined` where the supervisor may not look. @throws RefusedError ESRCH */
  namespace(type: 'pid' | 'user' | 'cgroup'): string | undefined {
    return this.#held.namespace(type);
  }

  /** What it may do at this moment. @throws RefusedError ESRCH */
  rights(): Rights {
    return this.#held.look((directory) => parseRights(readFileSync(`${directory}/status`, 'utf8')));
  }

  /** Opens all that another process can be given of it. @throws RefusedError */
  picture(): Picture {
    return takePicture(this.#held);
  }

  /** Lets go of the process. */
  close(): void {
    this.#held.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #confine(requester: Requester, membership: Membership, ancestors: readonly Ancestor[]): ConfinedScope {
    const id = findOutermost(ancestors)?.id ?? '';
    using init = this.#holdInit(id);
    const isOf = (type: 'user' | 'cgroup'): boolean => {
      const own = this.#held.namespace(type);
      return own !== undefined && own === init?.namespace(type);
    };
    const { path, isPayload, container, depth } = selectBase(ancestors, !isOf('cgroup'));
    const inode = path === membership.path ? membership.inode : readInode(path);
    // What is above a living process cannot be removed: it has just left.
    if (inode === undefined) throw new RefusedError('answer caller', 'EAGAIN', { hint: 'it has just left its cgroup' });
    const isRoot = toInside(requester.uids, requester.uid) === 0;
    return {
      kind: 'confined',
      base: path,
      inode,
      isPayload,
      above: path === container.payload && path !== container.path ? listWay(container.top, container.path) : [],
      own: membership.path.slice(path.length + 1),
      requester,
      isOwner: false,
      rulesBase: isRoot && isOf('user'),
      container: container.id,
      depth,
    };
  }

  #holdInit(id: string): HeldProcess | undefined {
    const init = this.#states.read(id)?.init;
    if (init === undefined) return undefined;
    try {
      const held = HeldProcess.open(init.pid);
      if (isAlive(init)) return held;
      held.close();
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
    }
    return undefined;
  }

  #readRequester(status: ProcessStatus): Requester {
    const held = this.#held;
    const { uid, gid } = this;
    const isSame = held.namespace('user') === readOwnNamespace('user');
    const map = (file: 'uid_map' | 'gid_map'): IdMap =>
      isSame ? SAME_IDS : held.look((directory) => parseIdMap(readFileSync(`${directory}/${file}`, 'utf8')));
    return {
      pid: held.pid,
      uid,
      gid,
      groups: status.groups,
      uids: map('uid_map'),
      gids: map('gid_map'),
      pids: { name: held.namespace('pid') ?? '', depth: status.nsPids.length },
    };
  }
}

/**
 * Finds out which process has connected, when a connection is accepted.
 *
 * Since Linux 6.5 the kernel hands out a pidfd of it (SO_PEERPIDFD). Before, it tells a pid (SO_PEERCRED), and that pid could by now
 * be another process's: one whose ids are not those of the connection is refused, which leaves a process of the same user that has
 * taken over the pid within the time that a connection waits to be accepted.
 *
 * @param socketFd - of the accepted connection; it stays the caller's
 * @param states - of the supervisor's containers
 * @returns what is to be closed with the connection
 * @throws RefusedError ESRCH where the process has ended, EPERM where it is not to be seen or is not who it was when it connected
 */
export function identifyCaller(socketFd: number, states: States): Caller {
  const peer = call('read peer of the connection', () => addon.peerCredentials({ fd: socketFd }));
  const held = holdPeer(socketFd, peer.pid);
  try {
    const caller = new Caller(held, states);
    if (caller.uid === peer.uid && caller.gid === peer.gid) return caller;
    throw new RefusedError('answer caller', 'EPERM', { hint: 'its ids have changed since it connected: connect anew' });
  } catch (error) {
    held.close();
    throw error;
  }
}

/**
 * Finds a caller again that was known before.
 *
 * @returns what is to be closed
 * @throws RefusedError ESRCH where it has ended
 */
export function recallCaller(identity: ProcessIdentity, states: States): Caller {
  const held = HeldProcess.open(identity.pid);
  try {
    if (!isAlive(identity)) throw new RefusedError('identify process', 'ESRCH', { hint: 'it has ended' });
    return new Caller(held, states);
  } catch (error) {
    held.close();
    throw error;
  }
}
