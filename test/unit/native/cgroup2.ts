import { accessSync, constants, readFileSync } from 'node:fs';

/** Where cgroup v2 is mounted; `undefined` where it is not, or this process may not make cgroups there. */
export function findCgroup2(): string | undefined {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((text) => text.includes(' - cgroup2 '));
  const path = line?.split(' ')[4];
  if (path === undefined) return undefined;
  try {
    accessSync(path, constants.W_OK);
    return path;
  } catch {
    return undefined;
  }
}
