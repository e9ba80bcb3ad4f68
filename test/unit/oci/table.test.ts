import { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import * as print from '../../../src/cli/print.js';
import { runCommandLine } from '../../../src/oci/program.js';
import { VERBS } from '../../../src/oci/verbs.js';

vi.mock(import('../../../src/cli/print.js'), async (original) => ({ ...(await original()), printErr: vi.fn() }));

/**
 * The command line of runc 1.1 and of what 1.2 to 1.4 have added to it. A flag with `!` is refused, and says why; one with `+` is
 * crun's.
 */
const FLAGS: Readonly<Record<string, string>> = {
  create: 'bundle console-socket pid-file pidfd-socket no-pivot no-new-keyring preserve-fds no-subreaper+',
  start: '',
  run: 'bundle console-socket detach keep pid-file pidfd-socket no-subreaper no-pivot no-new-keyring preserve-fds',
  state: '',
  kill: 'all',
  delete: 'force',
  list: 'format quiet',
  ps: 'format',
  exec:
    'console-socket cwd env tty user additional-gids process detach pid-file pidfd-socket process-label apparmor no-new-privs cap ' +
    'preserve-fds cgroup ignore-paused no-subreaper',
  pause: '',
  resume: '',
  update:
    'resources blkio-weight cpu-period cpu-quota cpu-burst cpu-share cpu-rt-period cpu-rt-runtime cpuset-cpus cpuset-mems ' +
    'kernel-memory! kernel-memory-tcp! memory cpu-idle memory-reservation memory-swap pids-limit l3-cache-schema! mem-bw-schema!',
  events: 'interval stats',
  spec: 'bundle rootless',
  features: '',
  checkpoint:
    'image-path work-path parent-path leave-running tcp-established tcp-skip-in-flight link-remap ext-unix-sk shell-job lazy-pages ' +
    'status-fd page-server file-locks pre-dump manage-cgroups-mode empty-ns auto-dedup',
  restore:
    'console-socket image-path work-path tcp-established ext-unix-sk shell-job file-locks manage-cgroups-mode bundle detach ' +
    'pid-file no-subreaper no-pivot! empty-ns auto-dedup lazy-pages lsm-profile lsm-mount-context',
};

const SHORT: Readonly<Record<string, readonly string[]>> = {
  create: ['b'],
  run: ['b', 'd'],
  kill: ['a'],
  delete: ['f'],
  list: ['f', 'q'],
  ps: ['f'],
  exec: ['e', 't', 'u', 'g', 'p', 'd', 'c'],
  update: ['r'],
  spec: ['b'],
  restore: ['b', 'd'],
};

const nameOf = (flag: string): string => flag.replace(/[!+]$/, '');

async function commandOf(name: string): Promise<Command> {
  const command = new Command(name).exitOverride().configureOutput({ writeErr: () => undefined });
  const verb = await VERBS[name]?.load();
  verb?.configure?.(command);
  return command.argument('[operands...]').action(() => undefined);
}

test('the verbs are runc’s', () => {
  expect(Object.keys(VERBS).sort()).toEqual(Object.keys(FLAGS).sort());
});

test.each(Object.entries(FLAGS))('%s has the flags %s, and no others', async (name, flags) => {
  const expected = flags.split(' ').filter((flag) => flag !== '');
  const { options } = await commandOf(name);
  expect(options.map(({ long }) => long?.slice(2)).sort()).toEqual(expected.map(nameOf).sort());
  const short = options.flatMap((option) => option.short?.slice(1) ?? []);
  expect(short.sort()).toEqual([...(SHORT[name] ?? [])].sort());
});

const REFUSED = Object.entries(FLAGS).flatMap(([name, flags]) =>
  flags.split(' ').flatMap((flag) => (flag.endsWith('!') ? [[name, nameOf(flag)] as const] : [])),
);

test.each(REFUSED)('%s refuses --%s, and says why', async (name, flag) => {
  const command = await commandOf(name);
  const failure = await command.parseAsync(['id', `--${flag}`, 'x'], { from: 'user' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'commander.invalidArgument' });
  expect((failure as Error).message).toMatch(/is invalid\. .{10,}\.$/);
});

test('the defaults are runc’s', async () => {
  const defaults = async (name: string): Promise<unknown> => (await commandOf(name)).opts();
  expect(await defaults('events')).toEqual({ interval: 5000 });
  expect(await defaults('list')).toEqual({ format: 'table' });
  expect(await defaults('ps')).toEqual({ format: 'table' });
  expect(await defaults('checkpoint')).toEqual({ imagePath: 'checkpoint' });
  expect(await defaults('run')).toEqual({ pivot: true, newKeyring: true, subreaper: true });
});

test.each([
  [['frob'], "unknown command 'frob'"],
  [['--frob', 'list'], "unknown option '--frob'"],
  [['list', '--frob'], "unknown option '--frob'"],
  [['exec', '--frob', 'x', 'true'], "unknown option '--frob'"],
  [['list', '--format', 'xml'], 'Allowed choices are table, json'],
  [['--rootless', 'maybe', 'list'], '"maybe" is not true, false or auto'],
  [['--cgroup-manager', 'mine', 'list'], 'Allowed choices are cgroupfs, systemd, disabled'],
  [['restore', '--lsm-profile'], 'flag needs an argument: -lsm-profile'],
  [['restore', '--no-pivot', 'x'], '--no-pivot'],
  [['update', '--l3-cache-schema', 'L3:0=f', 'x'], 'Intel RDT is not supported'],
  [['exec', '--cgroup', ':x', 'id', 'true'], 'It names no controller before the colon'],
  [['exec', '--cgroup', 'x', '--cgroup', 'y', 'id', 'true'], 'there can be no other beside it'],
  [['exec', '--cgroup', 'cpu:x', '--cgroup', 'cpu:y', 'id', 'true'], 'cpu is given a cgroup more than once'],
])('%j ends with 1 and says %s', async (argv, words) => {
  const said: string[] = [];
  vi.mocked(print.printErr).mockImplementation((text) => {
    said.push(text);
  });
  expect(await runCommandLine(argv, {})).toBe(1);
  expect(said.join('')).toContain(words);
});
