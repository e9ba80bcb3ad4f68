import { accessSync, constants } from 'node:fs';
import type { TestContext } from 'vitest';
import { readCgroupFacts } from '../../src/cgroup/facts.js';
import { readHostFacts } from '../../src/host/read-facts.js';

/** What a test needs of the machine that it runs on. */
export interface Requirements {
  /** Runs as root of the initial user namespace. */
  readonly root?: boolean;
  /** Controllers that limits can be set with, on whichever hierarchy. */
  readonly controllers?: readonly string[];
  /** `cgroup v2` is mounted and may be written. */
  readonly cgroup2?: boolean;
  /** Containers have a cgroup of their own: v2, or v1's freezer. */
  readonly cgroup?: boolean;
  /** The host's root file system can be idmapped: containers of root get ids of their own. */
  readonly idmap?: boolean;
  /** systemd has booted the host, and makes scopes for this user. */
  readonly systemd?: boolean;
  /** Programs that must be in PATH. */
  readonly programs?: readonly string[];
}

/** Skips the running test, with the reason, on a machine that cannot run it. */
export function requires(context: TestContext, needs: Requirements): void {
  const reason = findMissing(needs);
  if (reason !== undefined) context.skip(reason);
}

/** Returns what is missing, in words; `undefined` when nothing is. */
function findMissing(needs: Requirements): string | undefined {
  const { root, controllers, cgroup2, cgroup, idmap, systemd, programs } = needs;
  if (root === true && process.geteuid?.() !== 0) return 'needs root';
  const missing = (controllers ?? []).find((name) => !hasController(name));
  if (missing !== undefined) return `needs the ${missing} controller`;
  const place = findPlaceMissing({ cgroup2, cgroup, systemd });
  if (place !== undefined) return place;
  if (idmap === true && !mapsRoot()) return 'needs a root file system that can be idmapped';
  const absent = (programs ?? []).find((name) => !isProgram(name));
  return absent === undefined ? undefined : `needs the program ${absent}`;
}

type Place = Readonly<Record<'cgroup2' | 'cgroup' | 'systemd', boolean | undefined>>;

function findPlaceMissing({ cgroup2, cgroup, systemd }: Place): string | undefined {
  if (cgroup2 === true && readCgroupFacts().v2Base === undefined) return 'needs a cgroup v2 that may be written';
  if (cgroup === true && !hasPlace()) return 'needs a cgroup v2, or a freezer of cgroup v1, that may be written';
  return systemd === true ? findSystemdMissing() : undefined;
}

function hasPlace(): boolean {
  const { v2Base, v1Base } = readCgroupFacts();
  return v2Base !== undefined || v1Base.some(({ controllers }) => controllers.includes('freezer'));
}

function findSystemdMissing(): string | undefined {
  const { systemd } = readCgroupFacts();
  if (systemd === undefined) return 'needs a host that systemd has booted';
  return systemd.problem && `needs a systemd that this user can ask: ${systemd.problem.text}`;
}

/** Tells whether a limit of this controller can be set, on whichever hierarchy. */
export function hasController(name: string): boolean {
  const { v2Base, v1Base } = readCgroupFacts();
  return (v2Base?.controllers.includes(name) ?? false) || v1Base.some(({ controllers }) => controllers.includes(name));
}

/** Tells whether containers of root get ids of their own here: whether `/` is on a file system that can be idmapped. */
function mapsRoot(): boolean {
  const { mounts } = readHostFacts({ paths: [], cwd: '/' });
  const type = mounts.findLast(({ target }) => target === '/')?.type ?? '';
  return process.geteuid?.() === 0 && ['ext4', 'xfs', 'btrfs', 'f2fs', 'tmpfs'].includes(type);
}

function isProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(`${directory}/${name}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
