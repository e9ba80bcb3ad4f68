import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { getXattr } from '../../native/xattr.js';
import { isWritable, readIfPresent } from '../files.js';
import { parseWords } from '../parse.js';
import { HANDED } from '../resources.js';
import type { CgroupLayout, CgroupProblem, Hierarchy, ScopeFacts, V2Base } from '../types.js';
import { findSocket, listSockets } from './sockets.js';

let booted: boolean | undefined;

/** Tells whether systemd has booted this host. @see sd_booted(3) */
function isBooted(): boolean {
  booted ??= existsSync('/run/systemd/system');
  return booted;
}

/** Reads what a scope of systemd's depends on; `undefined` on a host that it has not booted. */
export function readScopeFacts(layout: CgroupLayout): ScopeFacts | undefined {
  if (!isBooted()) return undefined;
  const uid = process.geteuid?.() ?? 0;
  const manager = uid === 0 ? 'system' : 'user';
  const { v2 } = layout;
  const base = v2 && readBase(v2, uid);
  const problem = findProblem(layout, uid, base);
  return {
    manager,
    delegated: v2?.own !== undefined && isWritable(v2.own) && isDelegated(v2, v2.own),
    ...(base && { base }),
    controllers: v2 === undefined ? [] : parseWords(readIfPresent(`${v2.mount}/cgroup.controllers`) ?? ''),
    ...(problem && { problem }),
  };
}

// Everything below a unit that has `Delegate=` is left to it; a user's manager is such a unit, and manages what is below.
function isDelegated({ mount }: Hierarchy, path: string): boolean {
  for (let at = path; at !== mount && at.startsWith(`${mount}/`); at = dirname(at)) {
    if (isManagers(at)) return false;
    if (isMarked(at)) return true;
  }
  return false;
}

const isManagers = (path: string): boolean => /\/user@\d+\.service$/.test(path);

// `trusted.` only root can read; systemd 251 and later leave both.
function isMarked(path: string): boolean {
  return ['user.delegate', 'trusted.delegate'].some((name) => {
    try {
      return getXattr(path, name) === '1';
    } catch {
      return false;
    }
  });
}

function readBase({ mount }: Hierarchy, uid: number): V2Base | undefined {
  const user = `/user.slice/user-${String(uid)}.slice/user@${String(uid)}.service`;
  const path = uid === 0 ? mount : mount + user;
  const controllers = readIfPresent(`${path}/cgroup.controllers`);
  if (controllers === undefined) return undefined;
  const known: readonly string[] = HANDED;
  return {
    path,
    // With `Delegate=yes`, systemd hands down all that it knows.
    controllers: parseWords(controllers).filter((controller) => known.includes(controller)),
    needsEvacuation: false,
    isRoot: uid === 0,
  };
}

function findProblem({ mode, v2 }: CgroupLayout, uid: number, base: V2Base | undefined): CgroupProblem | undefined {
  const hint = 'say --cgroup-driver cgroupfs, where the cgroup tree may be written';
  if (mode !== 'unified')
    return { text: `this host is ${mode}, and systemd is asked only where there is cgroup v2 alone`, hint };
  if (v2?.readonly === true) return { text: `the cgroup file system is mounted read-only at ${v2.mount}`, hint };
  if (!isInitialUserNamespace()) return { text: 'this is another user namespace than that of systemd', hint };
  const user = String(uid);
  if (findSocket(uid) === undefined) {
    const [{ path } = { path: '/run/dbus/system_bus_socket' }] = listSockets(uid);
    return uid === 0
      ? { text: `there is no ${path}`, hint }
      : { text: `no systemd runs for this user: there is no ${path}`, hint: `${START} ${user}` };
  }
  return base === undefined ? { text: `the cgroup of user@${user}.service is not seen here`, hint } : undefined;
}

/** What gives a user a systemd of their own. */
const START = 'log in by ssh or at a terminal, or let root keep one running: loginctl enable-linger';

function isInitialUserNamespace(): boolean {
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    return false;
  }
}
