import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Act } from '../cgroup/types.js';
import { ContainerError } from '../errors/container-error.js';
import { SyscallError } from '../errors/syscall-error.js';
import { formatRanges } from '../plan/format.js';
import type { IdMapPlan, IdRange } from '../plan/types.js';

/**
 * Gives a process that waits in a new user namespace its ids.
 *
 * @throws SyscallError EPERM where the caller may not map those ids. @see user_namespaces(7)
 */
export async function writeIdMaps(pid: number, maps: IdMapPlan, act: Act): Promise<void> {
  if (maps.writer === 'newidmap') {
    await act(`map uids ${formatRanges(maps.uids)}`, () => runHelper('newuidmap', pid, maps.uids));
    await act(`map gids ${formatRanges(maps.gids)}`, () => runHelper('newgidmap', pid, maps.gids));
    return;
  }
  // The kernel lets an unprivileged process map a group only once nobody there can drop groups that are denied things.
  if (maps.setgroups === 'deny')
    act('deny setgroups', () => {
      write(pid, 'setgroups', 'deny', 'deny setgroups');
    });
  const [uids, gids] = [formatMap(maps.uids), formatMap(maps.gids)];
  act(`map uids ${formatRanges(maps.uids)}`, () => {
    write(pid, 'uid_map', uids, `map uids ${formatRanges(maps.uids)}`);
  });
  act(`map gids ${formatRanges(maps.gids)}`, () => {
    write(pid, 'gid_map', gids, `map gids ${formatRanges(maps.gids)}`);
  });
}

function formatMap(ranges: readonly IdRange[]): string {
  return ranges
    .map(({ containerId, hostId, size }) => `${String(containerId)} ${String(hostId)} ${String(size)}\n`)
    .join('');
}

// One write: the kernel takes a map whole, once.
function write(pid: number, file: string, text: string, action: string): void {
  const path = `/proc/${String(pid)}/${file}`;
  try {
    writeFileSync(path, text);
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
    throw new SyscallError({ action, syscall: 'write', errno: -error.errno, path });
  }
}

// newuidmap(1) checks /etc/subuid and writes the map with the privileges that the caller lacks.
async function runHelper(program: string, pid: number, ranges: readonly IdRange[]): Promise<void> {
  // Loaded where it is needed: few containers want it, and all would wait for it.
  const { execFile } = process.getBuiltinModule('node:child_process');
  const words = ranges.flatMap(({ containerId, hostId, size }) => [containerId, hostId, size].map(String));
  try {
    await promisify(execFile)(program, [String(pid), ...words]);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new ContainerError(`map ids with ${program}: ${said === '' ? String(error) : said}`, 'ERR_ID_MAP', {
      hint: 'the ranges of /etc/subuid and /etc/subgid must hold the ids, and the program must be setuid root',
      cause: error,
    });
  }
}
