import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, readlinkSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LaunchFaults } from '../../src/container/launch.js';
import { launchContainer } from '../../src/container/launch.js';
import { Prepared } from '../../src/container/prepare.js';
import { STEPS, type StepName } from '../../src/plan/steps.js';
import { addon } from '../../src/native/addon.js';
import { ANNOTATIONS } from '../../src/spec/annotations.js';
import { DEFAULT_CAPABILITIES } from '../../src/spec/defaults.js';
import type { Hooks } from '../../src/spec/hooks.js';
import type { Linux, Mount, Process, SpecNamespaceType, Spec } from '../../src/spec/types.js';
import { UndoStack } from '../../src/util/undo.js';
import type { Lab } from './lab.js';

/** The steps that only an engine's spec has. */
export const ENGINE_STEPS: readonly StepName[] = (Object.keys(STEPS) as StepName[]).filter(
  (name) => [4, 6].includes(Math.floor(STEPS[name].number / 10)) && STEPS[name].number > 40,
);

/** Those of its process, its namespaces and its life. */
export const PROCESS_STEPS: readonly StepName[] = (Object.keys(STEPS) as StepName[]).filter(
  (name) => STEPS[name].number >= 50,
);

/** What a test asks of an engine's spec, beside what all of them have. */
export interface EngineWish {
  readonly hooks?: Hooks;
  /** A script for sh. */
  readonly script?: string;
  readonly rootfs?: string;
  readonly readonly?: boolean;
  readonly mounts?: readonly Mount[];
  readonly namespaces?: readonly SpecNamespaceType[];
  readonly linux?: Partial<Linux>;
  readonly process?: Partial<Process>;
}

/** What a launched spec has said and how it has ended. */
export interface EngineResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** The mounts that engines write first. */
export const PROC: Mount = mountOf('/proc', 'proc', ['nosuid', 'noexec', 'nodev']);
export const DEV: Mount = mountOf('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']);
export const DEVPTS: Mount = mountOf('/dev/pts', 'devpts', [
  'nosuid',
  'noexec',
  'newinstance',
  'ptmxmode=0666',
  'mode=0620',
  'gid=5',
]);
export const SYS: Mount = mountOf('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']);

/** Returns a mount whose source is the name of its type. */
export function mountOf(destination: string, type: string, options: readonly string[] = []): Mount {
  return { destination, type, source: type, options };
}

/** Returns a bind mount. */
export function bindOf(source: string, destination: string, options: readonly string[] = ['rbind', 'rprivate']): Mount {
  return { destination, type: 'bind', source, options };
}

const SYSTEM = ['bin', 'sbin', 'lib', 'lib64', 'usr'];

/** Makes a directory that becomes a root file system once {@link systemMounts} are in it. */
export function makeRootfs(lab: Pick<Lab, 'directory'>): string {
  const root = join(lab.directory(), 'rootfs');
  mkdirSync(root);
  for (const name of SYSTEM) {
    const status = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (status?.isSymbolicLink() === true) symlinkSync(readlinkSync(`/${name}`), join(root, name));
  }
  return root;
}

/** The programs and libraries of the host, read-only. */
export function systemMounts(): readonly Mount[] {
  return SYSTEM.filter((name) => lstatSync(`/${name}`, { throwIfNoEntry: false })?.isDirectory() === true).map((name) =>
    bindOf(`/${name}`, `/${name}`, ['rbind', 'rprivate', 'ro']),
  );
}

const NAMESPACES: readonly SpecNamespaceType[] = ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'];

/** Returns a spec as engines write them: every namespace but that of users, and the capabilities of docker. */
export function engineSpec(lab: Lab, wish: EngineWish = {}): Spec {
  const { mounts = [PROC, DEV, DEVPTS, SYS], namespaces = NAMESPACES } = wish;
  return {
    ociVersion: '1.3.0',
    root: { path: wish.rootfs ?? makeRootfs(lab), ...(wish.readonly === true ? { readonly: true } : {}) },
    mounts: [...systemMounts(), ...mounts],
    process: {
      args: ['/bin/sh', '-c', wish.script ?? 'true'],
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      user: { uid: 0, gid: 0, additionalGids: [], umask: 0o022 },
      capabilities: {
        bounding: DEFAULT_CAPABILITIES,
        effective: DEFAULT_CAPABILITIES,
        permitted: DEFAULT_CAPABILITIES,
        inheritable: [],
        ambient: [],
      },
      rlimits: [],
      noNewPrivileges: true,
      ...wish.process,
    },
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      uidMappings: [],
      gidMappings: [],
      maskedPaths: [],
      readonlyPaths: [],
      sysctl: {},
      resources: {},
      // An engine’s parents stay: without one, nothing does.
      cgroupsPath: `/${lab.cgroupParent}`,
      ...wish.linux,
    },
    ...(wish.hooks === undefined ? {} : { hooks: wish.hooks }),
    annotations: { [ANNOTATIONS.engine]: 'true' },
  };
}

/** A user namespace whose ids are far from those of the host. */
export const SHIFTED: Pick<Linux, 'uidMappings' | 'gidMappings'> = {
  uidMappings: [{ containerID: 0, hostID: 700_000, size: 65_536 }],
  gidMappings: [{ containerID: 0, hostID: 700_000, size: 65_536 }],
};

/**
 * Compiles a spec, launches it with the library's internals, and waits for its end. Nothing of it is left then, whatever
 * happens.
 */
export async function runEngineSpec(lab: Lab, spec: Spec, faults?: LaunchFaults): Promise<EngineResult> {
  const undo = new UndoStack();
  const directory = lab.directory();
  const path = (stream: string): string => join(directory, stream);
  const streams = {
    stdin: openSync('/dev/null', 'r'),
    stdout: openSync(path('stdout'), 'w'),
    stderr: openSync(path('stderr'), 'w'),
  };
  // The start is given before anybody waits for it.
  const [start, giveStart] = addon.pipe();
  writeSync(giveStart, '1');
  try {
    const prepared = new Prepared('engine', spec);
    const launched = await launchContainer(
      { ...prepared.placement, content: () => prepared.plan },
      { undo, streams, faults, fds: new Map([['start', start]]) },
      () => undefined,
    );
    const { exitCode } = await launched.pidfd.wait();
    return { stdout: readFileSync(path('stdout'), 'utf8'), stderr: readFileSync(path('stderr'), 'utf8'), exitCode };
  } finally {
    const failures = await undo.unwind();
    for (const fd of [...Object.values(streams), start, giveStart]) closeSync(fd);
    expect(failures).toEqual([]);
  }
}
