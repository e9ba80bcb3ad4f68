import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { stateDirectory } from '../../container/store.js';

/** Which supervisor is meant. */
export interface ConnectOptions {
  /** Where the state of its containers is kept. @default `/run/corral` for root, else `$XDG_RUNTIME_DIR/corral` */
  readonly stateDir?: string | undefined;
  /** Its socket. @default in a container that was given one `$CORRAL_API` or `/run/corral/api/corral.sock`, else that of stateDir */
  readonly socket?: string | undefined;
  /** Start one where none runs. In a container, and where a socket is given, none can be. @default true */
  readonly start?: boolean | undefined;
}

/** Where the socket is in a container that was given it. */
const INSIDE = '/run/corral/api/corral.sock';

/**
 * Returns where the supervisor's socket is, or will be.
 *
 * `isGiven`: somebody else's supervisor is behind it, which this process cannot start.
 */
export function findSocket(
  { stateDir, socket }: Pick<ConnectOptions, 'stateDir' | 'socket'>,
  uid: number,
  env: NodeJS.ProcessEnv,
): { readonly path: string; readonly isGiven: boolean } {
  if (socket !== undefined) return { path: socket, isGiven: true };
  const given = env['CORRAL_API'];
  if (stateDir === undefined && given?.startsWith('/') === true) return { path: given, isGiven: true };
  const path = join(stateDirectory(stateDir, uid, env), 'api/corral.sock');
  if (path === INSIDE) return { path, isGiven: isMountPoint(dirname(INSIDE)) };
  // In a container, whoever is not root has a directory of its own, and asks the one outside unless somebody listens there.
  if (stateDir === undefined && !existsSync(path) && existsSync(INSIDE)) return { path: INSIDE, isGiven: true };
  return { path, isGiven: false };
}

// Where the directory was given, the supervisor is outside: one that was started here would take its socket's place.
function isMountPoint(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `);
}
