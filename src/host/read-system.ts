import { existsSync, readFileSync, statSync } from 'node:fs';
import { type MountEntry, parseMountinfo } from '../cgroup/mountinfo.js';
import { parseWords } from '../cgroup/parse.js';
import type { CgroupLayout } from '../cgroup/types.js';
import { addon } from '../native/addon.js';
import type { HelperState, IdLoan, LsmFacts, SubordinateFacts, SystemFacts, SystemdFacts } from './facts.js';
import { findLoan, findProgram, userName } from './userns.js';

/** The kernel parameters that decide what a container may be. */
const SYSCTLS = [
  ...['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup'].map((type) => `user.max_${type}_namespaces`),
  'kernel.unprivileged_userns_clone',
  'kernel.apparmor_restrict_unprivileged_userns',
  'kernel.seccomp.actions_avail',
  'vm.memfd_noexec',
];

/** Reads what `corral doctor` explains things by. Changes nothing, and needs no privileges. */
export function readSystemFacts({ v2 }: Pick<CgroupLayout, 'v2'>): SystemFacts {
  const uid = process.geteuid?.() ?? 0;
  const status = parseFields(read('/proc/self/status'), ':');
  const mounts = parseMountinfo(read('/proc/self/mountinfo'));
  const inside = selectInside(mounts);
  return {
    release: read('/proc/sys/kernel/osrelease').trim(),
    distribution: parseDistribution(read('/etc/os-release') || read('/usr/lib/os-release')),
    user: { name: userName(), uid },
    program: process.execPath,
    ...(inside === undefined ? {} : { inside }),
    sysctls: readSysctls(),
    lsm: readLsm(),
    confinement: { seccomp: status.get('Seccomp') === '2', noNewPrivileges: status.get('NoNewPrivs') === '1' },
    systemd: readSystemd(uid, v2?.mount),
    cgroup: readCgroup(v2),
    ids: readSubordinateFacts(uid),
    proc: describeProc(mounts),
    pressure: existsSync('/proc/pressure/cpu'),
    cpus: status.get('Cpus_allowed_list') ?? '0',
  };
}

/** Reads lines of the form `name<separator>value`; quotes around a value are taken off. */
function parseFields(text: string, separator: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf(separator);
      if (at < 0) return [];
      return [
        [
          line.slice(0, at).trim(),
          line
            .slice(at + 1)
            .trim()
            .replace(/^(["'])(.*)\1$/, '$2'),
        ] as const,
      ];
    }),
  );
}

/** Reads the text of os-release(5). */
export function parseDistribution(text: string): SystemFacts['distribution'] {
  const fields = parseFields(text, '=');
  const id = fields.get('ID') ?? 'linux';
  return { id, like: parseWords(fields.get('ID_LIKE') ?? ''), name: fields.get('PRETTY_NAME') ?? id };
}

/** Returns the kind of container that this process is in, such as `docker`; `undefined` on a host. */
export function readInside(): string | undefined {
  return selectInside(parseMountinfo(read('/proc/self/mountinfo')));
}

// Docker's file alone is not enough: machines are made of container images, too.
function selectInside(mounts: readonly MountEntry[]): string | undefined {
  const given = process.env['container'] ?? read('/run/systemd/container').trim();
  if (given !== '') return given;
  if (existsSync('/run/.containerenv')) return 'podman';
  const root = mounts.findLast(({ point }) => point === '/');
  const isWholeDisk = root?.root === '/' && ['ext4', 'xfs'].includes(root.type);
  if (existsSync('/.dockerenv') && !isWholeDisk) return 'docker';
  return existsSync('/var/run/secrets/kubernetes.io') ? 'kubernetes' : undefined;
}

function readSysctls(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    SYSCTLS.flatMap((name) => {
      const value = read(`/proc/sys/${name.replaceAll('.', '/')}`).trim();
      return value === '' ? [] : [[name, value] as const];
    }),
  );
}

function readLsm(): LsmFacts {
  const active = read('/sys/kernel/security/lsm').trim();
  // The kernel ends it with a NUL byte or a newline, whichever module it is.
  const profile = read('/proc/self/attr/current').replaceAll('\0', '').trim();
  return {
    ...(active === '' ? {} : { active: active.split(',') }),
    ...(['', 'unconfined', 'kernel'].includes(profile) ? {} : { profile }),
  };
}

function readSystemd(uid: number, cgroup: string | undefined): SystemdFacts {
  const booted = existsSync('/run/systemd/system');
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? `/run/user/${String(uid)}`;
  const user = `/user.slice/user-${String(uid)}.slice/user@${String(uid)}.service`;
  const controllers = cgroup === undefined ? '' : read(`${cgroup}${user}/cgroup.controllers`);
  const hasUser = cgroup !== undefined && existsSync(`${cgroup}${user}`);
  return {
    booted,
    userManager: booted && existsSync(`${runtime}/systemd/private`) && findProgram('systemd-run') !== undefined,
    ...(hasUser ? { delegated: parseWords(controllers) } : {}),
  };
}

function readCgroup(v2: CgroupLayout['v2']): SystemFacts['cgroup'] {
  const members = v2?.own === undefined ? [] : parseWords(read(`${v2.own}/cgroup.procs`));
  return {
    controllers: v2 === undefined ? [] : parseWords(read(`${v2.mount}/cgroup.controllers`)),
    companions: members.filter((pid) => pid !== String(process.pid)).length,
  };
}

function readSubordinateFacts(uid: number): SubordinateFacts {
  const owners = [String(uid), userName()];
  const [subuid, subgid] = [read('/etc/subuid'), read('/etc/subgid')];
  const uids = findLoan(subuid, owners);
  const gids = findLoan(subgid, owners);
  return {
    ...loan('uids', uids),
    ...loan('gids', gids),
    free: findFreeRange(`${subuid}\n${subgid}`),
    newuidmap: readHelper('newuidmap'),
    newgidmap: readHelper('newgidmap'),
  };
}

/** Returns the first id behind all the ranges that are lent, or where distributions begin. @see subuid(5) */
export function findFreeRange(text: string): number {
  const ends = [...text.matchAll(/^[^:\n]+:(\d+):(\d+)$/gm)].map(([, first, size]) => Number(first) + Number(size));
  return Math.max(100_000, ...ends);
}

function loan<K extends string>(key: K, value: IdLoan | undefined): Partial<Record<K, IdLoan>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, IdLoan>);
}

function readHelper(name: string): HelperState {
  const path = findProgram(name);
  if (path === undefined) return 'missing';
  return (statSync(path).mode & 0o4000) !== 0 || hasCapabilities(path) ? 'ok' : 'powerless';
}

function hasCapabilities(path: string): boolean {
  try {
    return addon.getXattr({ path, name: 'security.capability' }) !== null;
  } catch {
    return false;
  }
}

/** Says what hides parts of /proc. */
export function describeProc(mounts: readonly MountEntry[]): SystemFacts['proc'] {
  const options = mounts.findLast(({ point, type }) => point === '/proc' && type === 'proc')?.superOptions ?? [];
  const hidepid = options.find((option) => option.startsWith('hidepid='))?.slice('hidepid='.length) ?? '0';
  const below = mounts.map(({ point }) => point).filter((point) => point.startsWith('/proc/'));
  // Where binfmt_misc belongs, an automount covers nothing.
  return { hidepid, covered: below.filter((point) => point !== '/proc/sys/fs/binfmt_misc') };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // absent files mean that the feature is
  }
}
