import { join } from 'node:path/posix';

/**
 * Returns where supervised containers and their logs are kept, until they are removed: `/var/lib/corral` for root, else
 * `$XDG_STATE_HOME/corral` or `~/.local/state/corral`; where a state directory was chosen, `data` in it.
 *
 * @param stateDir - the state directory that the caller chose
 * @see the XDG base directory specification, which has relative paths ignored
 */
export function dataDirectory(stateDir: string | undefined, uid: number, env: NodeJS.ProcessEnv): string {
  if (stateDir !== undefined) return join(stateDir, 'data');
  if (uid === 0) return '/var/lib/corral';
  const state = env['XDG_STATE_HOME'];
  if (state?.startsWith('/') === true) return join(state, 'corral');
  const home = env['HOME'];
  return home?.startsWith('/') === true ? join(home, '.local/state/corral') : `/var/tmp/corral-${String(uid)}`;
}
