import { existsSync } from 'node:fs';

/** Where a systemd can be spoken to. */
export interface ManagerSocket {
  readonly path: string;
  /** It is the manager itself at the other end, and no bus. */
  readonly direct: boolean;
}

/**
 * Lists the sockets by which the manager of a user is reached, the best first: the system's for root. What
 * `DBUS_SESSION_BUS_ADDRESS` says does not count: that may be a bus without a systemd on it.
 *
 * @see sd_bus_default_user(3); go-systemd falls back in the same way where there is no bus
 */
export function listSockets(uid: number, env: NodeJS.ProcessEnv = process.env): readonly ManagerSocket[] {
  if (uid === 0) return [bus('/run/dbus/system_bus_socket'), manager('/run/systemd/private')];
  // After su(1), the variable is still that of somebody else, or gone.
  const given = env['XDG_RUNTIME_DIR'];
  const own = `/run/user/${String(uid)}`;
  const directories = [...new Set([given?.startsWith('/') === true ? given : own, own])];
  return [
    ...directories.map((directory) => bus(`${directory}/bus`)),
    ...directories.map((directory) => manager(`${directory}/systemd/private`)),
  ];
}

/** Returns the first of {@link listSockets} that is there. */
export function findSocket(uid: number): ManagerSocket | undefined {
  return listSockets(uid).find(({ path }) => existsSync(path));
}

const bus = (path: string): ManagerSocket => ({ path, direct: false });
const manager = (path: string): ManagerSocket => ({ path, direct: true });
