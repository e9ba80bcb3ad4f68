/** How many connections there may be at a time, how long requests may take to come, and how long they may be. */
export const LIMITS = {
  /** In all. */
  all: 8192,
  /** Of somebody who may do everything: each lease, log and event stream has one. */
  free: 8000,
  /** Of all containers together: there is always room for who is in none. */
  confinedAll: 2048,
  /** Of all from one container. */
  confined: 256,
  /** Of all who may do nothing, who are told so. */
  strangers: 32,
  /** Requests that wait on one connection for those before them. */
  pipelined: 32,
  /** Milliseconds for the head of a request. */
  headMs: 10_000,
  /** Milliseconds for a body that is read as a whole. */
  bodyMs: 30_000,
  /** Bytes of such a body. */
  body: 4 * 1024 * 1024,
  /** The same from a container: what is in it may be kept, and all of that is the supervisor's memory. */
  confinedBody: 256 * 1024,
} as const;

/** The same with numbers of one's own. */
export type Limits = Readonly<Record<keyof typeof LIMITS, number>>;

/** Descriptors that a connection takes, one with the other, and those that the rest of the supervisor needs. */
const FDS_EACH = 4;
const FDS_OWN = 512;

/**
 * Returns limits to connections that leave a process enough descriptors, even where each from a container has a command with its streams:
 * those take up to eight.
 *
 * @param descriptors - how many it may have: its RLIMIT_NOFILE
 */
export function fitLimits(descriptors: number): Limits {
  const room = Math.max(32, Math.floor((descriptors - FDS_OWN) / FDS_EACH));
  const all = Math.min(LIMITS.all, room);
  return {
    ...LIMITS,
    all,
    free: Math.min(LIMITS.free, all),
    confinedAll: Math.min(LIMITS.confinedAll, Math.floor(all / 4)),
    confined: Math.min(LIMITS.confined, Math.max(4, Math.floor(all / 16))),
    strangers: Math.min(LIMITS.strangers, Math.floor(all / 4)),
  };
}
