import type { Socket } from 'node:net';
import type { CgroupService } from '../cgroups/service.js';
import type { SupervisorFace } from '../face.js';

/** Who is at the other end of a connection. */
export interface Caller {
  /** What its connections are counted under, in words: `user 0`, `container web`. */
  readonly key: string;
  /** How many connections it may have at a time. @default see LIMITS */
  readonly maxConnections?: number;
  /** What it is confined to; absent for who may do everything. */
  readonly confined?: Confinement;
  /**
   * What it may do with cgroups, as it is at the moment of the call: read late, when all of the request is there.
   *
   * @param container - in which container, for whoever may do everything; absent: the caller's own cgroup, of one in a container
   * @throws OptionError, NotFoundError, RefusedError
   */
  readonly cgroups?: (container?: string) => CgroupService;
}

/** What a caller inside a container may see and do. */
export interface Confinement {
  /** The containers that it may see, under the names that it knows them by. Without it, it may do nothing with containers. */
  readonly face?: SupervisorFace;
}

/**
 * Finds out who is at the other end of a connection, for every request anew.
 *
 * @param socketFd - stays the connection's
 * @param connection - the same connection each time: who has made it is found out once
 * @throws ForbiddenError for somebody who may do nothing at all
 */
export type Authorize = (socketFd: number, connection: Socket) => Caller | Promise<Caller>;
