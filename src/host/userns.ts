import { accessSync, constants, readFileSync } from 'node:fs';
import type { IdRange } from '../plan/types.js';
import type { CallerFacts, IdLoan, UsernsFacts } from './facts.js';

/** Reads which ids the caller's user namespace has, and which it may map into a new one. */
export function readUserns(caller: CallerFacts): UsernsFacts {
  const uids = parseIdMap(read('/proc/self/uid_map'));
  const gids = parseIdMap(read('/proc/self/gid_map'));
  const subordinate = caller.privileged ? undefined : readSubordinate(caller, { uids, gids });
  const refused = readRefusal(caller);
  return {
    initial: isInitial(uids) && isInitial(gids),
    uids,
    gids,
    ...(subordinate === undefined ? {} : { subordinate }),
    ...(read('/proc/self/setgroups').trim() === 'deny' ? { setgroupsDenied: true } : {}),
    ...(refused === undefined ? {} : { refused }),
  };
}

/** Reads /proc/PID/uid_map. @see user_namespaces(7) */
export function parseIdMap(text: string): readonly IdRange[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([containerId, hostId, size]) =>
      containerId === undefined || hostId === undefined || size === undefined ? [] : [{ containerId, hostId, size }],
    );
}

function isInitial(ranges: readonly IdRange[]): boolean {
  const [first] = ranges;
  return first?.containerId === 0 && first.hostId === 0 && first.size === 0xffff_ffff;
}

function readSubordinate({ uid }: CallerFacts, own: Pick<UsernsFacts, 'uids' | 'gids'>): UsernsFacts['subordinate'] {
  const name = userName();
  const uids = findLoan(read('/etc/subuid'), [String(uid), name]);
  const gids = findLoan(read('/etc/subgid'), [String(uid), name]);
  if (uids === undefined || gids === undefined || isMissing('newuidmap') || isMissing('newgidmap')) return undefined;
  // In a container the file is that of its image: what it lends may be more than there is.
  return isWithinMap(uids, own.uids) && isWithinMap(gids, own.gids) ? { uids, gids } : undefined;
}

/** Tells whether a user namespace has all the ids that are lent. */
export function isWithinMap({ first, size }: IdLoan, ranges: readonly IdRange[]): boolean {
  return ranges.some(({ containerId, size: mapped }) => first >= containerId && first + size <= containerId + mapped);
}

/** Finds the first range that /etc/subuid or /etc/subgid lends to an owner. @see subuid(5) */
export function findLoan(text: string, owners: readonly string[]): IdLoan | undefined {
  for (const line of text.split('\n')) {
    const [, owner = '', first = '', size = ''] = /^([^:]+):(\d+):(\d+)$/.exec(line.trim()) ?? [];
    if (owners.includes(owner) && Number(size) > 0) return { first: Number(first), size: Number(size) };
  }
  return undefined;
}

/** Returns the caller's name; empty for a user id without an entry in the user database. */
export function userName(): string {
  try {
    return process.getBuiltinModule('node:os').userInfo().username;
  } catch {
    return ''; // a user id without an entry in the user database
  }
}

function isMissing(program: string): boolean {
  return findProgram(program) === undefined;
}

/** Returns where a program is in PATH; `undefined` when it is not. */
export function findProgram(program: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(':').filter((directory) => directory !== '');
  return directories
    .map((directory) => `${directory}/${program}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function readRefusal({ privileged }: CallerFacts): string | undefined {
  const most = read('/proc/sys/user/max_user_namespaces').trim();
  if (most === '') return 'the kernel has no user namespaces';
  if (most === '0') return '/proc/sys/user/max_user_namespaces is 0';
  if (!privileged && read('/proc/sys/kernel/unprivileged_userns_clone').trim() === '0') {
    return '/proc/sys/kernel/unprivileged_userns_clone is 0';
  }
  return undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // absent files mean that the feature is
  }
}
