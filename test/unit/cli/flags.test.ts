import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { CONTAINER_FLAGS } from '../../../src/cli/flags/container.js';
import { type Flag, type Flags, type Spelling, addFlags } from '../../../src/cli/flags/flag.js';
import { UPDATE_FLAGS } from '../../../src/cli/flags/limits.js';
import { EXEC_FLAGS } from '../../../src/cli/verbs/exec.js';
import { RUN_FLAGS } from '../../../src/cli/flags/run.js';
import { OptionError } from '../../../src/errors/option-error.js';
import type { UpdateOptions } from '../../../src/spec/options.js';
import { specOf } from '../../helpers/facts.js';

interface Case {
  /** What follows the flag; absent for a switch. */
  readonly text?: string;
  /** What the library is then given. */
  readonly value: unknown;
  /** Other flags that it needs. */
  readonly besides?: readonly string[];
}

/** Every flag of `corral run`. The compiler misses the new one that is not here. */
const CASES: Readonly<Record<keyof typeof RUN_FLAGS, Case>> = {
  file: { text: 'corral.json', value: 'corral.json' },
  envFile: { text: 'a.env', value: ['a.env'] },
  labelFile: { text: 'a.labels', value: ['a.labels'] },
  name: { text: 'db', value: 'db' },
  labels: { text: 'job=7=x', value: { job: '7=x' } },
  isolation: { text: 'cgroup', value: 'cgroup' },
  nest: { value: true },
  api: { value: true },
  init: { value: false },
  dieWithParent: { value: false },
  cgroupParent: { text: 'jobs/ci', value: 'jobs/ci' },
  seccomp: { text: 'unconfined', value: 'unconfined' },
  cgroupDriver: { text: 'systemd', value: 'systemd' },
  rootfs: { text: '/srv/root', value: '/srv/root' },
  readOnly: { value: true },
  volumes: { text: '/a:/b:ro', value: ['/a:/b:ro'] },
  tmpfs: { text: '/scratch:size=64m', value: ['/scratch:size=64m'] },
  expose: { text: '/root/.ssh', value: ['/root/.ssh'] },
  net: { text: 'none', value: 'none' },
  userns: { text: 'host', value: 'host' },
  pid: { text: 'host', value: 'host' },
  ipc: { text: 'host', value: 'host' },
  uts: { text: 'host', value: 'host' },
  cgroupns: { text: 'host', value: 'host' },
  hostname: { text: 'inside', value: 'inside' },
  sysctl: { text: 'net.ipv4.ip_forward=1', value: { 'net.ipv4.ip_forward': '1' } },
  memory: { text: '256M', value: '256M' },
  memorySwap: { text: '1G', value: '1G', besides: ['--memory', '256M'] },
  memoryReservation: { text: '64M', value: '64M' },
  cpus: { text: '1.5', value: '1.5' },
  cpuShares: { text: '512', value: 512 },
  cpusetCpus: { text: '0-3,7', value: '0-3,7' },
  cpusetMems: { text: '0', value: '0' },
  pids: { text: '64', value: 64 },
  ioWeight: { text: '100', value: 100 },
  deviceReadBps: { text: '/dev/sda:10M', value: ['/dev/sda:10M'] },
  deviceWriteBps: { text: '/dev/sda:10M', value: ['/dev/sda:10M'] },
  deviceReadIops: { text: '/dev/sda:10', value: ['/dev/sda:10'] },
  deviceWriteIops: { text: '/dev/sda:10', value: ['/dev/sda:10'] },
  env: { text: 'A=b=c', value: { A: 'b=c' } },
  cwd: { text: '/srv', value: '/srv' },
  user: { text: 'ann:wheel', value: 'ann:wheel' },
  groups: { text: 'wheel', value: ['wheel'] },
  umask: { text: '077', value: 0o077 },
  ulimits: { text: 'nofile=10:20', value: ['nofile=10:20'] },
  oomScoreAdj: { text: '-500', value: -500 },
  terminal: { value: true },
  capAdd: { text: 'NET_ADMIN', value: ['NET_ADMIN'] },
  capDrop: { text: 'ALL', value: ['ALL'] },
  noNewPrivileges: { value: false },
  cidfile: { text: 'web.id', value: 'web.id' },
  interactive: { value: true },
  timeout: { text: '1.5m', value: 90_000 },
  stopSignal: { text: 'INT', value: 'INT' },
  gracePeriod: { text: '500ms', value: 500 },
  result: { text: '-', value: '-' },
  quiet: { value: true },
  detach: { value: true },
  lease: { value: true },
  autoRemove: { value: true },
  restart: { text: 'on-failure:3', value: 'on-failure:3' },
  'log.driver': { text: 'json', value: 'json' },
  'log.maxSize': { text: '10M', value: '10M' },
  'log.maxFiles': { text: '3', value: 3 },
  'health.command': { text: 'true', value: 'true' },
  'health.interval': { text: '5s', value: 5000 },
  'health.timeout': { text: '1s', value: 1000 },
  'health.retries': { text: '2', value: 2 },
  'health.startPeriod': { text: '1m', value: 60_000 },
  'health.onFailure': { text: 'kill', value: 'kill' },
};

function parse(flags: Flags, argv: readonly string[], spelling: Spelling = new Map()): Record<string, unknown> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addFlags(command, flags, spelling);
  return command.parse(argv, { from: 'user' }).opts();
}

const option = (name: string): string => (CASES as Record<string, Case>)[name]?.text ?? '';
const long = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? '';
const spellings = ({ flags, ...flag }: Flag): readonly string[] => [
  long(flags),
  ...(/^-\w/.exec(flags) ?? []),
  ...('aliases' in flag ? (flag.aliases ?? []) : []),
];

describe.each(Object.entries(CASES))('the flag of %s', (name, { text, value, besides = [] }) => {
  const flag = (RUN_FLAGS as Flags)[name]!;
  const rest = text === undefined ? [] : [text];

  it('sets the option, in every spelling', () => {
    for (const spelling of spellings(flag)) {
      expect(parse(RUN_FLAGS, [...besides, spelling, ...rest])[name], spelling).toEqual(value);
      if (text === undefined || !spelling.startsWith('--')) continue;
      expect(parse(RUN_FLAGS, [...besides, `${spelling}=${text}`])[name], `${spelling}=`).toEqual(value);
    }
  });

  it('sets nothing else', () => {
    expect(parse(RUN_FLAGS, [])).toEqual({});
    expect(parse(RUN_FLAGS, [long(flag.flags), ...rest])).toEqual({ [name]: value });
  });

  const opposite = 'value' in flag ? flag.opposite : undefined;
  if (opposite !== undefined) {
    it('can be taken back', () => {
      expect(parse(RUN_FLAGS, [long(flag.flags), opposite])[name]).toBe(value === false);
    });
  }

  if (name in CONTAINER_FLAGS) {
    it('changes what is made', () => {
      const plain = specOf(parse(RUN_FLAGS, besides));
      expect(specOf(parse(RUN_FLAGS, [...besides, long(flag.flags), ...rest]))).not.toEqual(plain);
    });
  }
});

describe('the flags of corral update', () => {
  it.each<[words: readonly string[], options: UpdateOptions]>([
    [['-m', 'max'], { memory: 'max' }],
    [['--memory', '-1'], { memory: 'max' }],
    [['--memory-swap=1G'], { memorySwap: '1G' }],
    [['--cpus', '-1'], { cpus: 'max' }],
    [['--pids-limit', 'max'], { pids: 'max' }],
    [['--pids', '-1'], { pids: 'max' }],
    [['--pids', '7'], { pids: 7 }],
    [['--device-read-bps', '/dev/sda:max'], { deviceReadBps: ['/dev/sda:max'] }],
  ])('%j', (words, options) => {
    expect(parse(UPDATE_FLAGS, words)).toEqual(options);
  });

  it('are those of run, by name', () => {
    for (const [name, { flags }] of Object.entries(UPDATE_FLAGS))
      expect(long(flags), name).toBe(long(CONTAINER_FLAGS[name as keyof typeof UPDATE_FLAGS].flags));
  });
});

describe('flags', () => {
  it('can be given many times where they are lists, and in the end the last one counts where they are not', () => {
    expect(
      parse(RUN_FLAGS, [
        '-v',
        '/a:/a',
        '--volume',
        '/b:/b',
        '-e',
        'A',
        '-e',
        'B=',
        '-l',
        'job',
        '-m',
        '1G',
        '-m',
        '2G',
      ]),
    ).toEqual({
      volumes: ['/a:/a', '/b:/b'],
      env: { A: undefined, B: '' },
      labels: { job: '' },
      memory: '2G',
    });
  });

  it.each([
    ['--pids-limit', 'many', 'pids'],
    ['--pids-limit', '1.5', 'pids'],
    ['--cpu-shares', '', 'cpuShares'],
    ['--umask', '8', 'umask'],
    ['--umask', '7777', 'umask'],
    ['--sysctl', 'net', 'sysctl'],
    ['--sysctl', '=1', 'sysctl'],
    ['--timeout', '1y', 'timeout'],
    ['--timeout', '-1s', 'timeout'],
    ['--timeout', '1000h', 'timeout'],
    ['--stop-timeout', '', 'gracePeriod'],
  ])('%s %j is refused', (flag, text, name) => {
    const refusal = expect.objectContaining({ option: name, value: text }) as unknown;
    expect(() => parse(RUN_FLAGS, [flag, text])).toThrow(OptionError);
    expect(() => parse(RUN_FLAGS, [flag, text])).toThrow(refusal);
  });

  it('remember how they were typed', () => {
    const spelling: Spelling = new Map();
    parse(RUN_FLAGS, ['--network', 'none', '-m', '1G'], spelling);
    expect(spelling.get('net')).toBe('--network');
    expect(spelling.get('memory')).toBe('--memory');
    expect(spelling.get('volumes')).toBe('--volume');
  });

  it('of exec are spelt and read as those of run', () => {
    for (const name of Object.keys(EXEC_FLAGS)) {
      const flag = (EXEC_FLAGS as Flags)[name]!;
      expect(flag.flags).toBe((RUN_FLAGS as Flags)[name]?.flags);
      const text = option(name);
      expect(parse(EXEC_FLAGS, [long(flag.flags), ...(text === '' ? [] : [text])])).toEqual({
        [name]: (CASES as Record<string, Case>)[name]?.value,
      });
    }
  });
});
