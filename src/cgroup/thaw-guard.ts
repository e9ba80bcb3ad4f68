import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readIfPresent } from './files.js';

/** Something that sees to it that a frozen cgroup does not stay so. */
export interface ThawGuard {
  /** Ends it. @param isThawed - `false`: that did not work, and it is to try once more */
  readonly release: (isThawed: boolean) => Promise<void>;
}

/** Does what it is told on the end of its input, and nothing when there is a line in it. */
const SCRIPT = 'IFS= read -r line || echo "$1" > "$2"';

/**
 * Starts a process that thaws the cgroup at `path` should this one die before it does so itself, by SIGKILL say: the kernel
 * then closes the pipe between the two. Where there is no shell to do it, `corral resume` is the way out.
 */
export function guardThaw(path: string): ThawGuard {
  const isV2 = readIfPresent(`${path}/cgroup.freeze`) !== undefined;
  const [value, file] = isV2 ? ['0', `${path}/cgroup.freeze`] : ['THAWED', `${path}/freezer.state`];
  // A session of its own: what a terminal sends to this one's process group is not for it.
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'corral-thaw', value, file], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: {},
    detached: true,
  });
  const ended = once(child, 'exit').catch(() => undefined);
  child.stdin.on('error', () => undefined);
  return {
    release: async (isThawed) => {
      child.stdin.end(isThawed ? '\n' : '');
      await ended;
    },
  };
}
