import { readFileSync, readdirSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** What there is on this machine that a container could have left: what it is, by a text that stays the same. */
type Stock = ReadonlySet<string>;

const CGROUPS = '/sys/fs/cgroup';

/** Descriptors that Node and corral make when they first need them, and keep. */
const KEPT = [
  /^\/memfd:corral-init /,
  /^\/proc\/\d+\/(mountinfo|fd)$/,
  /^anon_inode:(inotify|\[eventpoll\]|\[eventfd\])$/,
  /^anon_inode:\[io_uring\]$/,
];

/** Counts everything: this machine is the fuzzer's alone. */
export function takeStock(state: string): Stock {
  return new Set([
    ...listCgroups().map((path) => `cgroup ${path}`),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .trim()
      .split('\n')
      .map((line) => `mount ${withoutIds(line)}`),
    ...listDescriptors().map((fd) => `descriptor ${fd}`),
    ...list(state).map((name) => `state ${name}`),
    ...listProcesses().map((pid) => `process ${String(pid)}`),
    // What a process in this one's place could have changed of it.
    ...list('/proc/self/ns').map((name) => `namespace ${readLink(`/proc/self/ns/${name}`)}`),
    `directory ${readLink('/proc/self/cwd')}`,
    ...read('/proc/self/status')
      .split('\n')
      .filter((line) => /^(Umask|Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp):/.test(line)),
    ...read('/proc/self/limits').split('\n'),
    `oom_score_adj ${read('/proc/self/oom_score_adj').trim()}`,
    ...list('/sys/class/net').map((name) => `network device ${name}`),
  ]);
}

/** Returns what is there that was not, and what was that is not: after a while, since the kernel clears up behind a process. */
export async function findLeaks(before: Stock, state: string, patienceMs = 3000): Promise<readonly string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const now = takeStock(state);
    const leaks = [
      ...[...now].filter((each) => !before.has(each)),
      ...[...before].filter((each) => !now.has(each)).map((each) => `gone: ${each}`),
    ];
    if (leaks.length === 0 || performance.now() > deadline) return describeAll(leaks);
    await delay(10);
  }
}

function describeAll(leaks: readonly string[]): readonly string[] {
  return leaks.map((each) => {
    const [what, pid = ''] = each.split(' ');
    return what === 'process' ? `${each} ${JSON.stringify(read(`/proc/${pid}/stat`).slice(0, 80))}` : each;
  });
}

/**
 * Removes the cgroups above a container's own that have nothing in them. Engines make those, and expect them to stay; where a
 * config.json is the first to name them, corral makes them.
 *
 * @param known - is left alone
 */
export function removeParents(known: Stock, own: string): void {
  // The deepest first.
  for (const path of listCgroups().toSorted((a, b) => b.length - a.length)) {
    if (known.has(`cgroup ${path}`) || path.endsWith(own)) continue;
    if (read(`${path}/cgroup.procs`).trim() !== '' || list(path, true).length > 0) continue;
    try {
      rmdirSync(path);
    } catch {
      // Then it is told of as a leak.
    }
  }
}

/** Ends all processes that have come since, and thaws them before. */
export function killAll(before: Stock): void {
  for (const path of listCgroups().filter((each) => !before.has(`cgroup ${each}`))) {
    write(`${path}/cgroup.freeze`, '0');
    write(`${path}/freezer.state`, 'THAWED');
  }
  for (const pid of listProcesses().filter((each) => !before.has(`process ${String(each)}`))) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

function listCgroups(top = CGROUPS): readonly string[] {
  return list(top, true).flatMap((name) => [`${top}/${name}`, ...listCgroups(`${top}/${name}`)]);
}

function listProcesses(): readonly number[] {
  return (
    list('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      // Threads of the kernel have no command line, and come and go.
      .filter((pid) => !isKernelThread(pid))
  );
}

const PF_KTHREAD = 0x0020_0000;

function isKernelThread(pid: number): boolean {
  const stat = read(`/proc/${String(pid)}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || (Number(fields[6]) & PF_KTHREAD) !== 0;
}

function listDescriptors(): readonly string[] {
  return list('/proc/self/fd').flatMap((fd) => {
    const target = readLink(`/proc/self/fd/${fd}`);
    return target === '' || KEPT.some((each) => each.test(target)) ? [] : [`${fd} → ${target}`];
  });
}

// The ids of mounts are given out anew, and so are peer groups.
function withoutIds(line: string): string {
  const [, , device = '', root = '', target = '', options = ''] = line.split(' ');
  return [device, root, target, options, line.slice(line.indexOf(' - '))].join(' ');
}

function list(path: string, directories = false): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      directories && !entry.isDirectory() ? [] : [entry.name],
    );
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'r+' });
  } catch {
    // Not of this kind.
  }
}
