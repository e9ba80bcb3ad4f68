import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { compileExec } from '../../src/compile/exec.js';
import { removeParents } from '../../src/container/leaving.js';
import { type LaunchFaults, type LaunchedProcess, launchContainer, launchProcess } from '../../src/container/launch.js';
import type { HostFacts } from '../../src/host/facts.js';
import { readHostFacts } from '../../src/host/read-facts.js';
import { addon } from '../../src/native/addon.js';
import { Pidfd } from '../../src/native/pidfd.js';
import type { LaunchPlan } from '../../src/plan/types.js';
import type { Process, Spec } from '../../src/spec/types.js';
import { UndoStack } from '../../src/util/undo.js';
import { type SpecChanges, engineSpec } from './engine-spec.js';
import type { Lab } from './lab.js';
import { requires } from './requires.js';

/** A container, or a process of one, that has been brought up to its exec. */
export interface Started {
  readonly id: string;
  readonly spec: Spec;
  readonly plan: Pick<LaunchPlan, 'steps' | 'notes'>;
  readonly process: LaunchedProcess;
  /** Waits for its end. @returns what it has said, and its exit code */
  readonly end: () => Promise<{ readonly out: string; readonly exitCode: number | null }>;
  readonly kill: () => Promise<void>;
}

/** Starts containers from specs, without the verbs that engines use. */
export interface EngineLab {
  /** A small root filesystem, with busybox and users. */
  readonly rootfs: string;
  readonly facts: () => HostFacts;
  /** @param facts - what the plan is made from; absent: what is so here */
  readonly start: (spec: Spec, faults?: LaunchFaults, id?: string, facts?: HostFacts) => Promise<Started>;
  /** Runs a script to its end. @returns what it has said */
  readonly say: (script: string, changes?: SpecChanges) => Promise<string>;
  readonly exec: (started: Started, process: Partial<Process>, faults?: LaunchFaults) => Promise<Started>;
}

export function makeEngineLab(lab: Lab): EngineLab {
  const rootfs = makeRootfs();
  beforeEach((context) => {
    requires(context, { programs: ['busybox'] });
  });
  const running: Started[] = [];
  let count = 0;
  afterEach(async () => {
    for (const one of running.splice(0).reverse()) await one.kill();
    removeParents();
  });
  afterAll(() => {
    rmSync(rootfs, { recursive: true, force: true });
  });
  const facts = (): HostFacts => readHostFacts({ paths: [], cwd: '/' });
  const keep = (started: Started): Started => {
    running.push(started);
    return started;
  };
  const start = async (
    given: Spec,
    faults?: LaunchFaults,
    id = `engine-${String(process.pid)}-${String(count++)}`,
    known = facts(),
  ): Promise<Started> => {
    const spec = { ...given, linux: { ...given.linux, cgroupsPath: `/${lab.cgroupParent}/${id}` } };
    return keep(await launch({ id, spec, facts: known, faults }));
  };
  return {
    rootfs,
    facts,
    start,
    say: async (script, changes) => (await (await start(engineSpec(script, changes, rootfs))).end()).out,
    exec: async (started, changes, faults) => keep(await enter(started, changes, facts(), faults)),
  };
}

/** As Debian's busybox-static has it: nothing else has to be in the root filesystem. */
const BUSYBOX = '/usr/bin/busybox';

function makeRootfs(): string {
  const rootfs = mkdtempSync('/var/tmp/corral-test-rootfs-');
  chmodSync(rootfs, 0o755);
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'home']) mkdirSync(join(rootfs, name));
  if (existsSync(BUSYBOX)) copyFileSync(BUSYBOX, join(rootfs, 'bin/busybox'));
  const applets = [
    'sh',
    'cat',
    'ls',
    'id',
    'env',
    'grep',
    'uname',
    'pwd',
    'readlink',
    'sleep',
    'hostname',
    'ip',
    'stty',
    'stat',
    'true',
    'kill',
    'taskset',
    'ionice',
    'ps',
  ];
  for (const name of applets) symlinkSync('busybox', join(rootfs, 'bin', name));
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n');
  return rootfs;
}

interface LaunchOf {
  readonly id: string;
  readonly spec: Spec;
  readonly facts: HostFacts;
  readonly faults: LaunchFaults | undefined;
}

async function launch({ id, spec, facts, faults }: LaunchOf): Promise<Started> {
  const plan = compile(id, spec, facts);
  const io = openStreams();
  const undo = new UndoStack();
  const [start, startEnd] = addon.pipe();
  undo.push('close start', () => {
    [start, startEnd].forEach(closeSync);
  });
  try {
    const process = await launchContainer(
      { ...plan, content: () => plan },
      { undo, faults, streams: io.streams, fds: new Map([['start', start]]) },
      () => undefined,
    );
    writeSync(startEnd, '1');
    io.closeOurs();
    return { id, spec, plan, process, ...endings(process, io, undo) };
  } catch (error) {
    io.closeAll();
    await undo.unwind();
    throw error;
  }
}

async function enter(
  { id, spec, process: entered }: Started,
  changes: Partial<Process>,
  facts: HostFacts,
  faults: LaunchFaults | undefined,
): Promise<Started> {
  const plan = compileExec(spec, { ...spec.process, ...changes }, { facts, id });
  const io = openStreams();
  const undo = new UndoStack();
  const container = Pidfd.open(entered.pid);
  try {
    const process = await launchProcess(
      { ...plan, content: () => plan },
      { undo, faults, streams: io.streams, fds: new Map([['container', container.fd]]) },
      { join: () => undefined },
    );
    io.closeOurs();
    return { id, spec, plan, process, ...endings(process, io, undo) };
  } catch (error) {
    io.closeAll();
    await undo.unwind();
    throw error;
  } finally {
    container.close();
  }
}

interface Streams {
  readonly streams: Readonly<Record<'stdin' | 'stdout' | 'stderr', number>>;
  readonly read: () => string;
  readonly closeOurs: () => void;
  readonly closeAll: () => void;
}

function openStreams(): Streams {
  const [out, end] = addon.pipe();
  const stdin = openSync('/dev/null', 'r');
  let isOpen = true;
  return {
    streams: { stdin, stdout: end, stderr: end },
    closeOurs: () => {
      closeSync(stdin);
      closeSync(end);
    },
    read: () => {
      const text = isOpen ? readAll(out) : '';
      if (isOpen) closeSync(out);
      isOpen = false;
      return text;
    },
    closeAll: () => {
      for (const fd of [stdin, end, out]) closeSync(fd);
    },
  };
}

// What a test has a process say fits in a pipe; what is left of its children is killed before.
function readAll(fd: number): string {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(65_536);
    const size = readSync(fd, chunk);
    if (size === 0) return Buffer.concat(chunks).toString();
    chunks.push(chunk.subarray(0, size));
  }
}

function endings(process: LaunchedProcess, io: Streams, undo: UndoStack): Pick<Started, 'end' | 'kill'> {
  const clear = async (): Promise<void> => {
    await undo.unwind();
    await setImmediate();
  };
  return {
    end: async () => {
      const { exitCode } = await process.pidfd.wait();
      await clear();
      return { out: io.read(), exitCode };
    },
    kill: async () => {
      await clear();
      io.read();
    },
  };
}
