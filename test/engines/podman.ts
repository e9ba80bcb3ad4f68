import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packRootfs } from './image.js';
import type { Runtime } from './runtimes.js';

/** How a call has ended. */
export interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A podman with storage of its own. */
export interface Podman extends Disposable {
  /** Calls it. */
  readonly call: (...args: readonly string[]) => Called;
  /** Calls it, and returns what it prints. @throws when it fails */
  readonly ok: (...args: readonly string[]) => string;
  /** `run`, with the options without which nothing runs where a hard limit cannot be raised. */
  readonly run: (...args: readonly string[]) => Called;
  /** Its whole command line, for those who start it themselves. */
  readonly argv: (...args: readonly string[]) => readonly string[];
}

export const IMAGE = 'localhost/corral-test';

const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096', '--network', 'none'];

/** Makes one that drives `runtime`, with an image of busybox. */
export function makePodman({ path }: Runtime): Podman {
  const directory = mkdtempSync('/var/tmp/corral-podman-');
  const options = [
    ...['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'vfs'],
    ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'file', '--runtime', path],
  ];
  const argv = (...args: readonly string[]): readonly string[] => ['podman', ...options, ...args];
  const call = (...args: readonly string[]): Called => {
    const { status, stdout, stderr } = spawnSync('podman', [...options, ...args], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { code: status, stdout, stderr };
  };
  const ok = (...args: readonly string[]): string => {
    const { code, stdout, stderr } = call(...args);
    if (code !== 0) throw new Error(`podman ${args.join(' ')}: exit ${String(code)}: ${stderr}`);
    return stdout.trim();
  };
  ok('import', packRootfs(directory), IMAGE);
  return {
    argv,
    call,
    ok,
    run: (...args) => call('run', ...LIMITS, ...args),
    [Symbol.dispose]: () => {
      call('rm', '--all', '--force', '--time', '0');
      // Some of it belongs to ids of user namespaces, and some is mounted.
      execFileSync('sh', [
        '-c',
        `awk '{print $5}' /proc/self/mountinfo | grep "^${directory}/" | sort -r | xargs -r umount`,
      ]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
