import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { isContainerError } from '../../src/errors/container-error.js';
import type { HostFacts } from '../../src/host/facts.js';
import { formatPlan } from '../../src/plan/format.js';
import { ANNOTATIONS } from '../../src/spec/annotations.js';
import { type SpecChanges, engineSpec } from '../helpers/engine-spec.js';
import { readFacts } from '../helpers/golden-hosts.js';

/** Where engines run. */
const HOSTS = ['hybrid-root', 'unified-root-overlay', 'rootless-subids'];

const IDS = [
  { containerID: 0, hostID: 1000, size: 1 },
  { containerID: 1, hostID: 100_000, size: 65_535 },
];
const MAPPED = { uidMappings: IDS, gidMappings: IDS };
const PAUSE = '/proc/4242/ns';

/** What the plans are compiled from: specs as engines write them. */
const SPECS: Readonly<Record<string, SpecChanges>> = {
  plain: {},
  'user-namespace': {
    hostname: 'web',
    process: { oomScoreAdj: 100, rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }] },
    linux: { namespaces: (['user', 'mount', 'pid', 'network', 'uts'] as const).map((type) => ({ type })), ...MAPPED },
  },
  'member-of-a-pod': {
    process: { user: { uid: 1000, gid: 1000, additionalGids: [5], umask: 0o022 } },
    linux: {
      namespaces: [
        { type: 'pid' },
        { type: 'mount' },
        { type: 'ipc', path: `${PAUSE}/ipc` },
        { type: 'uts', path: `${PAUSE}/uts` },
        { type: 'network', path: `${PAUSE}/net` },
      ],
    },
  },
  'member-of-a-pod-with-a-user-namespace': {
    linux: {
      namespaces: [
        { type: 'user', path: `${PAUSE}/user` },
        { type: 'pid' },
        { type: 'mount' },
        { type: 'network', path: `${PAUSE}/net` },
      ],
    },
  },
  'user-namespace-beside-a-network-of-the-host': {
    linux: {
      namespaces: [{ type: 'user' }, { type: 'mount' }, { type: 'pid' }, { type: 'network', path: '/run/netns/pod' }],
      ...MAPPED,
    },
  },
  everything: {
    hostname: 'web',
    domainname: 'example.org',
    annotations: { [ANNOTATIONS.preserveFds]: '1' },
    process: {
      terminal: true,
      consoleSize: { width: 100, height: 30 },
      scheduler: { policy: 'SCHED_FIFO', priority: 10, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
      ioPriority: { class: 'IOPRIO_CLASS_RT', priority: 0 },
    },
    linux: {
      namespaces: (['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup', 'time'] as const).map((type) => ({ type })),
      timeOffsets: { boottime: { secs: 3600 } },
      personality: { domain: 'LINUX32' },
      memoryPolicy: { mode: 'MPOL_BIND', nodes: '0-1' },
      netDevices: { eth1: { name: 'eth0' } },
      sysctl: { 'net.ipv4.ip_forward': '1' },
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
    },
  },
};

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The plan as text, or the words of the refusal. */
function explain(changes: SpecChanges, facts: HostFacts): string {
  try {
    return formatPlan(compile('web', engineSpec('true', changes), facts));
  } catch (error) {
    if (!isContainerError(error)) throw error;
    return `${error.name}: ${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`;
  }
}

describe.each(HOSTS)('on the host %s', (host) => {
  it.each(Object.entries(SPECS))('the plan of the engine’s spec %s is the reviewed one', (name, changes) => {
    const text = explain(changes, readFacts(host));
    const path = here(`process-plans/${host}/${name}.plan.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(here(`process-plans/${host}`), { recursive: true });
      writeFileSync(path, text);
    }
    expect(text).toBe(readFileSync(path, 'utf8'));
  });
});

it('every plan that is kept belongs to a host and to a spec', () => {
  const kept = HOSTS.flatMap((host) => readdirSync(here(`process-plans/${host}`)).map((file) => `${host}/${file}`));
  const known = HOSTS.flatMap((host) => Object.keys(SPECS).map((name) => `${host}/${name}.plan.txt`));
  expect(kept.sort()).toEqual(known.sort());
});
