import { closeSync } from 'node:fs';
import { SyscallError } from '../errors/syscall-error.js';
import { addon, type Clone3Result } from './addon.js';
import { type NativeFailure, call, isNativeFailure, toSyscallError } from './call.js';
import { untilReady } from './fd-watch.js';
import { openInitImage } from './init-image.js';

/** What a launch of corral-init needs. */
export interface LaunchOptions {
  /** clone(2) flags of the new namespaces. */
  readonly flags: number;
  /** Directory of the cgroup v2 to be born in; it stays the caller's. */
  readonly cgroupFd?: number | undefined;
}

/** A corral-init that waits for its plan. */
export interface Launched {
  /** In the caller's pid namespace. */
  readonly pid: number;
  /** Belongs to the caller. */
  readonly pidfd: number;
  /** The parent's end of the socket; belongs to the caller. Closed before the plan is sent, corral-init just ends. */
  readonly socketFd: number;
  /**
   * Set where clone3(2) was refused and clone(2) was used instead: the process is in the caller's cgroup, and must be
   * moved to its own by `cgroup.procs` before the plan is sent.
   */
  readonly fallback?: { readonly errno: number; readonly reason: string };
}

/** What corral-init says after it has got its plan. */
export type Outcome =
  | {
      /** The socket is at its end: the workload was exec'd, or corral-init was killed; the pidfd and report page tell. */
      readonly kind: 'started';
    }
  | {
      readonly kind: 'failed';
      /** Index of the step; `undefined`: the plan was refused. */
      readonly step: number | undefined;
      /** Positive. */
      readonly errno: number;
    }
  | {
      /** The process went on in a pid namespace, as a child of the caller; more outcomes follow. */
      readonly kind: 'pid';
      /** In corral-init's own pid namespace. */
      readonly pid: number;
      /** Belongs to the caller. */
      readonly pidfd: number;
    }
  | {
      /**
       * `synchronize`: corral-init waits for the runtime's hooks, until {@link goOn}. `ready`: all is done but what only the
       * start brings. More outcomes follow.
       */
      readonly kind: 'synchronize' | 'ready';
    }
  | {
      /** `await-plan`: corral-init waits for what only its parent can do, and for another plan. */
      readonly kind: 'next plan';
    }
  | {
      /** The process has opened a terminal for itself; more outcomes follow. */
      readonly kind: 'terminal';
      /** Its master. Belongs to the caller; closed, it hangs the terminal up. */
      readonly fd: number;
    }
  | {
      /** The process has loaded a filter that notifies, and waits for {@link goOn}; more outcomes follow. */
      readonly kind: 'listener';
      /** Of seccomp_unotify(2). Belongs to the caller. */
      readonly fd: number;
    };

const MAX_PACKET = 64 * 1024;

/** The kernel passes no more with one message: SCM_MAX_FD, unix(7). */
const MAX_FDS = 253;
const NO_STEP = 0xffffffff;
const EPERM = 1;
const EACCES = 13;
const EMFILE = 24;
const ENOSYS = 38;

/**
 * Clones this process straight into a cgroup and namespaces, and executes corral-init there. It waits for its plan.
 *
 * @throws SyscallError of clone3(2) or execveat(2): EBUSY where the cgroup has controllers enabled for children, ENOSPC
 *   where a limit on namespaces is reached
 */
export async function launchInit(options: LaunchOptions): Promise<Launched> {
  const executableFd = openInitImage();
  const [socketFd, childSocketFd] = call('create socket pair', () => addon.socketpair());
  try {
    const cloned = await cloneOrFallBack(options, executableFd, childSocketFd);
    return { ...cloned, socketFd };
  } catch (error) {
    closeSync(socketFd);
    throw toSyscallError(error, 'start corral-init');
  } finally {
    closeSync(childSocketFd);
  }
}

async function cloneOrFallBack(
  { flags, cgroupFd }: LaunchOptions,
  executableFd: number,
  childSocketFd: number,
): Promise<Omit<Launched, 'socketFd'>> {
  const request = {
    flags,
    executableFd,
    argv: ['corral-init'],
    environment: [`CORRAL_SOCKET=${childSocketFd}`],
    keepFds: [childSocketFd],
  };
  try {
    return await addon.clone3({ ...request, ...(cgroupFd !== undefined && { cgroupFd }), method: 'clone3' });
  } catch (error) {
    if (!isNativeFailure(error) || error.syscall !== 'clone3') throw error;
    const reason = REASONS[error.errno];
    if (reason === undefined) throw error;
    const fallback = { errno: error.errno, reason };
    return { ...(await cloneByForkOr(request, error)), fallback };
  }
}

// A seccomp filter that cannot look into clone3's structure refuses it: ENOSYS, or EPERM from older filters. EACCES is about the
// cgroup: this user may not put a process there from where this one is.
const REASONS: Readonly<Partial<Record<number, string>>> = {
  [ENOSYS]: 'clone3 is not available here',
  [EPERM]: 'clone3 is not permitted here',
  [EACCES]: 'clone3 may not cross the cgroup tree here',
};

// EPERM may also have been about the namespaces: then clone(2) fails as well. Only what that says of a filter's ENOSYS is news.
async function cloneByForkOr(request: Parameters<typeof cloneByFork>[0], first: NativeFailure): Promise<Clone3Result> {
  try {
    return await cloneByFork(request);
  } catch (error) {
    throw first.errno === ENOSYS ? error : first;
  }
}

function cloneByFork(request: Omit<Parameters<typeof addon.clone3>[0], 'method' | 'cgroupFd'>): Promise<Clone3Result> {
  return addon.clone3({ ...request, method: 'fork' });
}

/**
 * Sends a plan, which starts it: the parent's part (id maps, cgroups) must be done.
 *
 * @param plan - from `encodePlan`
 * @param fds - in the order of the plan's slots; they stay the caller's
 * @throws SyscallError EPIPE where corral-init is gone
 */
export function sendPlan(socketFd: number, plan: Uint8Array, fds: readonly number[]): void {
  const least = Math.ceil(fds.length / MAX_FDS);
  // Each message takes some of the descriptors along, so that there are as many messages as that needs.
  const size = least > 1 ? Math.min(MAX_PACKET, Math.floor(plan.length / least)) : MAX_PACKET;
  for (let offset = 0, sent = 0; offset < plan.length; offset += size, sent += MAX_FDS) {
    const data = plan.subarray(offset, offset + size);
    call('send plan', () => addon.sendMessage({ fd: socketFd, data, fds: fds.slice(sent, sent + MAX_FDS) }));
  }
}

/** Lets a corral-init go on that waits for the runtime's hooks, or for somebody who listens to its notifications. @throws SyscallError EPIPE where it is gone */
export function goOn(socketFd: number): void {
  call('let corral-init go on', () => addon.sendMessage({ fd: socketFd, data: new Uint8Array(1), fds: [] }));
}

/**
 * Waits for what corral-init says next.
 *
 * @throws the signal's reason, where it is aborted
 */
export async function awaitOutcome(
  socketFd: number,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Outcome> {
  for (;;) {
    const outcome = takeOutcome(socketFd);
    if (outcome !== undefined) return outcome;
    await untilReady(socketFd, 'readable', options);
  }
}

/** Returns what corral-init has said already; `undefined` when that is nothing. */
export function takeOutcome(socketFd: number): Outcome | undefined {
  const message = call('receive from corral-init', () => addon.receiveMessage({ fd: socketFd, maxBytes: 12 }));
  return message === null ? undefined : parseOutcome(message.data, message.fds);
}

function parseOutcome(data: Uint8Array, fds: readonly number[]): Outcome {
  if (data.length === 0) return { kind: 'started' };
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const type = view.getUint32(0, true);
  const step = view.getUint32(4, true);
  const value = view.getInt32(8, true);
  const [fd] = fds;
  if (type === 2) return { kind: 'pid', pid: value, pidfd: expectFd(fd, 'pidfd') };
  if (type === 5) return { kind: 'synchronize' };
  if (type === 6) return { kind: 'ready' };
  if (type === 8) return { kind: 'next plan' };
  if (type === 3) return { kind: 'terminal', fd: expectFd(fd, 'terminal') };
  if (type === 4) return { kind: 'listener', fd: expectFd(fd, 'seccomp listener') };
  fds.forEach(closeSync);
  return { kind: 'failed', step: step === NO_STEP ? undefined : step, errno: value };
}

// A descriptor for which this process has no number left does not arrive, recvmsg(2): MSG_CTRUNC.
function expectFd(fd: number | undefined, what: string): number {
  if (fd !== undefined) return fd;
  throw new SyscallError({ action: `receive ${what}`, syscall: 'recvmsg', errno: EMFILE });
}
