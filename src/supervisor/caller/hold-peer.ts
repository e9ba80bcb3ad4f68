import { isContainerError } from '../../errors/container-error.js';
import { RefusedError } from '../../errors/refused-error.js';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { HeldProcess } from './held-process.js';

/**
 * Holds the process at the other end of a connection.
 *
 * @param socketFd - stays the caller's
 * @param pid - what SO_PEERCRED says; 0: this pid namespace does not show it
 * @throws RefusedError ESRCH, EPERM
 */
export function holdPeer(socketFd: number, pid: number): HeldProcess {
  if (pid <= 0)
    throw new RefusedError('answer caller', 'EPERM', {
      hint: 'it is in a pid namespace that the supervisor does not see',
    });
  const pidfd = readPeerPidfd(socketFd);
  return pidfd === null ? HeldProcess.open(pid) : HeldProcess.adopt(pidfd);
}

// Of a process that was reaped the kernel says EINVAL, ESRCH or ENODATA, depending on its age.
function readPeerPidfd(fd: number): number | null {
  try {
    return call('read pidfd of the peer', () => addon.peerPidfd({ fd }));
  } catch (error) {
    if (isContainerError(error) && ['EINVAL', 'ESRCH', 'ENODATA'].includes(error.code))
      throw new RefusedError('answer caller', 'ESRCH', { hint: 'it has ended', cause: error });
    throw error;
  }
}
