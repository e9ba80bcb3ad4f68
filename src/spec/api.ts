import type { Mount } from './types.js';

/** The directory of the supervisor's socket, inside a container that has it; at any depth the same. */
export const API_DIRECTORY = '/run/corral/api';

/** The name of the socket in its directory. */
export const API_SOCKET = 'corral.sock';

/** The variable that names the socket. */
export const API_VARIABLE = 'CORRAL_API';

/**
 * Returns the mount that shows the socket. It is one of the directory: a new supervisor's socket, which is another file, is seen at
 * once.
 *
 * @param source - the directory on the host
 */
export function apiMount(source: string): Mount {
  return {
    destination: API_DIRECTORY,
    type: 'bind',
    source,
    options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec'],
  };
}
