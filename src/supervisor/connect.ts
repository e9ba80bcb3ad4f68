import type { Client } from './client/client.js';
import type { ConnectOptions } from './client/find-socket.js';

/**
 * Connects to the supervisor of this user, which keeps containers running whoever made them. Where none runs, one is started; it
 * is gone again when it has had nothing to do for a while.
 *
 * @throws ConnectionError when there is none, and none could be started
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  // Loaded where it is needed: most programs that use containers have no supervisor.
  const { openClient } = await import('./client/connect.js');
  return openClient(options);
}
