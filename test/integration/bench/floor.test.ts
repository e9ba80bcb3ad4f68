import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CORRAL, type Workspace, createWorkspace, removeWorkspace } from '../../../bench/lib/workspace.mjs';
import { requires } from '../../helpers/requires.js';

const NEEDS = { root: true, cgroup2: true, idmap: true, programs: ['cc'] };
const NAMESPACES = ['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup', 'time'];

// A floor that did less than corral would flatter nobody but itself: what it makes must look the same from the inside.
describe('the C floor of the benchmarks', () => {
  let workspace: Workspace | undefined;

  afterAll(() => {
    if (workspace !== undefined) removeWorkspace(workspace);
  });

  /** What a shell script prints in a container of the floor's, and in one of corral's. */
  function inBoth(script: string, ...options: readonly string[]): readonly [floor: string, corral: string] {
    const { programs, driverOptions } = (workspace ??= createWorkspace());
    const words = [...options, '--', '/bin/sh', '-c', script];
    const run = (file: string, args: readonly string[]): string =>
      execFileSync(file, args, { ...driverOptions, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    return [run(programs['floor'] ?? '', words), run(process.execPath, [CORRAL, 'run', ...words])];
  }

  it('has the same mounts', (context) => {
    requires(context, NEEDS);
    const [floor, corral] = inBoth('cat /proc/self/mountinfo').map(parseMounts);
    expect(floor).toEqual(corral);
    expect(floor?.length).toBeGreaterThan(15);
  });

  it('has the same rights, ids, files and devices', (context) => {
    requires(context, NEEDS);
    const script = [
      'grep -E "^(Cap|NoNewPrivs|Uid|Gid|Groups|Seccomp)" /proc/self/status',
      'cut -c1-10 /proc/self/uid_map /proc/self/gid_map',
      'cat /proc/self/cgroup /etc/shadow /sys/class/net/lo/flags; id; pwd; umask',
      'stat -c "%A %u:%g %t:%T %N" /* /dev/*',
      'ls /root /home /proc/self/fd; echo $$; ls /proc | grep -c "^[0-9]"',
    ];
    const [floor, corral] = inBoth(script.join('; '));
    expect(floor).toBe(corral);
  });

  it.for(['full', 'cgroup'])('shares the same namespaces with the host, isolation %s', (isolation, context) => {
    requires(context, NEEDS);
    const shared = (text: string): readonly string[] =>
      text
        .trim()
        .split('\n')
        .filter((link, index) => link === readlinkSync(`/proc/self/ns/${NAMESPACES[index] ?? ''}`));
    const script = NAMESPACES.map((name) => `readlink /proc/self/ns/${name}`).join('; ');
    const [floor, corral] = inBoth(script, '--isolation', isolation).map(shared);
    expect(floor).toEqual(corral);
    expect(floor).toHaveLength(isolation === 'full' ? 1 : NAMESPACES.length);
  });
});

/** Mount points with their types and flags; without the options of the file systems, which hold ids of each container. */
function parseMounts(mountinfo: string): readonly string[] {
  return mountinfo
    .trim()
    .split('\n')
    .map((line) => {
      const [mount = '', filesystem = ''] = line.split(' - ');
      const [, , , root, target, flags] = mount.split(' ');
      return [target, root, flags, filesystem.split(' ')[0]].join(' ');
    })
    .toSorted();
}
