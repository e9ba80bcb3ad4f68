import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { isContainerError } from '../../src/errors/container-error.js';
import type { HostFacts } from '../../src/host/facts.js';
import { formatPlan } from '../../src/plan/format.js';
import { ANNOTATIONS } from '../../src/spec/annotations.js';
import { toSpec } from '../../src/spec/from-options.js';
import type { Surroundings } from '../../src/spec/surroundings.js';
import type { Resources } from '../../src/spec/resources.js';
import type { ContainerOptions } from '../../src/spec/options.js';
import { HOSTS, readFacts } from '../helpers/golden-hosts.js';

/** What the plans are compiled from: options as a user writes them. */
const OPTIONS: Readonly<Record<string, ContainerOptions>> = {
  default: {},
  limits: { memory: '256M', cpus: 1.5, pids: 64 },
  'host-namespaces': { pid: 'host', net: 'host', ipc: 'host', uts: 'host', cgroupns: 'host' },
  'no-userns': { userns: 'host' },
  'home-directory': { cwd: '/home/ann/app' },
  'rootfs-read-only': {
    rootfs: '/srv/app',
    readOnly: true,
    volumes: ['/srv/app/data:/data', '/etc/hosts:/etc/hosts:ro'],
  },
  everything: {
    expose: ['/etc/shadow'],
    volumes: ['/srv/app:/app'],
    tmpfs: ['/scratch:size=64m'],
    capAdd: ['NET_ADMIN'],
    sysctl: { 'net.ipv4.ip_forward': '1' },
    ulimits: ['nofile=1024:4096'],
    oomScoreAdj: 200,
    init: false,
    user: '1000:1000',
  },
  terminal: { terminal: { columns: 100, rows: 30 }, user: '1000:1000' },
  nest: { nest: true, user: '1000:1000' },
  'cgroup-only': { isolation: 'cgroup', pids: 64 },
};

/** The same for containers of a supervisor, whose init keeps things for the next one. */
const SUPERVISED: Readonly<Record<string, SupervisedCase>> = {
  'supervised-terminal': { options: { terminal: true } },
  'supervised-input': { options: {}, annotations: { [ANNOTATIONS.stdin]: 'kept' } },
  'supervised-output': { options: {}, annotations: { [ANNOTATIONS.output]: 'kept' } },
  'supervised-no-init': { options: { terminal: true, init: false } },
  'supervised-cgroup-only': { options: { terminal: true, isolation: 'cgroup' } },
};

interface SupervisedCase {
  readonly options: ContainerOptions;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The same for specs of engines. */
const ENGINES: Readonly<Record<string, EngineCase>> = {
  'engine-cgroupfs': {
    cgroupsPath: '/kubepods/pod1/web',
    resources: {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
      ],
      memory: { limit: 268_435_456, swap: 268_435_456 },
      cpu: { shares: 512, quota: 150_000, period: 100_000 },
      pids: { limit: 64 },
    },
  },
  'engine-relative': { cgroupsPath: 'pod1/web', resources: {} },
  'engine-systemd': { driver: 'systemd', cgroupsPath: 'machine.slice:libpod:1f2e', resources: { pids: { limit: 64 } } },
  'engine-unified': { cgroupsPath: '/pod', resources: { unified: { 'memory.high': '1073741824' } } },
};

interface EngineCase {
  readonly driver?: string;
  readonly cgroupsPath: string;
  readonly resources: Resources;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function surroundingsOf({ caller }: HostFacts): Surroundings {
  return {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    ids: caller,
    program: ['/usr/bin/node', '/usr/lib/node_modules/corral'],
    resolve: (path) => path,
    readJson: () => undefined,
    machine: () => ({ cpu: 'x64', kernel: [6, 8] }),
    apiDirectory: '/run/corral/api',
    device: () => undefined,
    user: (text) => {
      const [uid = 0, gid = 0] = text.split(':').map(Number);
      return { uid, gid, additionalGids: [], home: uid === 0 ? '/root' : '/' };
    },
  };
}

/** The cgroup part of the plan of an engine's spec. */
function explainEngine({ driver, ...linux }: EngineCase, facts: HostFacts): string {
  const spec = toSpec(['true'], 'box', { rootfs: '/srv/app', init: false }, surroundingsOf(facts));
  const annotations = {
    [ANNOTATIONS.engine]: 'true',
    ...(driver === undefined ? {} : { [ANNOTATIONS.cgroupDriver]: driver }),
  };
  return orRefusal(() => {
    const plan = compile('box', { ...spec, annotations, linux: { ...spec.linux, ...linux } }, facts);
    return formatPlan({ ...plan, steps: [], fds: [], notes: [] });
  });
}

function explainSupervised({ options, annotations }: SupervisedCase, facts: HostFacts): string {
  const spec = toSpec(['true'], 'box', { ...options, dieWithParent: false }, surroundingsOf(facts));
  const marks = { ...spec.annotations, [ANNOTATIONS.run]: '1', ...annotations };
  return orRefusal(() => formatPlan(compile('box', { ...spec, annotations: marks }, facts)));
}

/** The plan as text, or the words of the refusal. */
function explain(options: ContainerOptions, facts: HostFacts): string {
  return orRefusal(() => formatPlan(compile('box', toSpec(['true'], 'box', options, surroundingsOf(facts)), facts)));
}

function orRefusal(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (!isContainerError(error)) throw error;
    return `${error.name}: ${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`;
  }
}

describe.each(HOSTS)('on the host %s', (host) => {
  const explained = (facts: HostFacts): readonly (readonly [string, () => string])[] => [
    ...Object.entries(OPTIONS).map(([name, options]) => [name, () => explain(options, facts)] as const),
    ...Object.entries(SUPERVISED).map(([name, one]) => [name, () => explainSupervised(one, facts)] as const),
    ...Object.entries(ENGINES).map(([name, engine]) => [name, () => explainEngine(engine, facts)] as const),
  ];

  it.each(explained(readFacts(host)))('the plan of %s is the reviewed one', (name, write) => {
    const text = write();
    const path = here(`plans/${host}/${name}.plan.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(here(`plans/${host}`), { recursive: true });
      writeFileSync(path, text);
    }
    expect(text).toBe(readFileSync(path, 'utf8'));
  });

  it('compiling twice gives the same plan', () => {
    const facts = readFacts(host);
    for (const [, write] of explained(facts)) expect(write()).toBe(write());
  });
});

it('every plan that is kept belongs to a host and to options', () => {
  const kept = HOSTS.flatMap((host) => readdirSync(here(`plans/${host}`)).map((file) => `${host}/${file}`));
  const known = HOSTS.flatMap((host) =>
    [...Object.keys(OPTIONS), ...Object.keys(SUPERVISED), ...Object.keys(ENGINES)].map(
      (name) => `${host}/${name}.plan.txt`,
    ),
  );
  expect(kept.sort()).toEqual(known.sort());
});
