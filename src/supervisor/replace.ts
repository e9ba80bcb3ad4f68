import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { ContainerError, isContainerError } from '../errors/container-error.js';
import { isMissingFile } from '../util/missing.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { Pidfd } from '../native/pidfd.js';
import { SocketAddress } from './client/socket-address.js';

/** How long a supervisor may take to end. */
const PATIENCE_MS = 10_000;

/**
 * Asks the supervisor that listens at a path, if one does, to end, and waits until it has. Its containers go on.
 *
 * @returns `false` when there was none
 * @throws ContainerError `ERR_LOCKED` when it does not end, SyscallError EPERM when it is another user's
 */
export async function endOther(socketPath: string): Promise<boolean> {
  try {
    using other = openListener(socketPath);
    if (other === undefined) return false;
    other.signal(constants.signals.SIGTERM);
    await untilGone(other);
  } catch (error) {
    // It has just ended by itself.
    if (!isContainerError(error) || error.code !== 'ESRCH') throw error;
  }
  return true;
}

async function untilGone(other: Pidfd): Promise<void> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  try {
    await other.untilExit({ signal: late });
  } catch (error) {
    if (!late.aborted) throw error;
    throw new ContainerError('replace supervisor: it does not end', 'ERR_LOCKED', {
      cause: error,
      hint: 'its containers go on when it is killed: its pid is in supervisor.lock',
    });
  }
}

// What connects is told who it was that has begun to listen there: see SO_PEERCRED in unix(7).
function openListener(path: string): Pidfd | undefined {
  const fd = connectTo(path);
  if (fd === undefined) return undefined;
  try {
    const pidfd = call('read pidfd of the supervisor', () => addon.peerPidfd({ fd }));
    if (pidfd !== null) return Pidfd.adopt(pidfd);
    const { pid } = call('read peer of the connection', () => addon.peerCredentials({ fd }));
    return Pidfd.open(pid);
  } finally {
    closeSync(fd);
  }
}

function connectTo(path: string): number | undefined {
  using address = new SocketAddress(path);
  try {
    return call(`connect to ${path}`, () => addon.connectSocket({ path: address.short() }));
  } catch (error) {
    if (isMissingFile(error) || (isContainerError(error) && error.code === 'ECONNREFUSED')) return undefined;
    throw error;
  }
}
