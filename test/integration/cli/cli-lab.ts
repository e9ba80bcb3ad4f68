import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { Containers } from '../../../src/container/containers.js';
import { checkLeaks } from '../../helpers/leaks.js';
import { until } from '../../helpers/lab.js';

/** The built command line. */
export const MAIN = fileURLToPath(new URL('../../../dist/cli/corral.cjs', import.meta.url));

/** How a corral of its own process ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  /** Without the notes about this host's own limitations. */
  readonly stderr: string;
}

/** A corral that runs. */
export interface Started {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
}

export interface StartOptions {
  /** What it reads; nothing unless given. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  /** Another copy of the program. */
  readonly main?: string;
}

/** The command line as the tests of one file use it: with a state directory and cgroups of their own. */
export interface CliLab {
  readonly stateDir: string;
  readonly cgroupParent: string;
  readonly start: (words: readonly string[], options?: StartOptions) => Started;
  readonly corral: (words: readonly string[], options?: StartOptions) => Promise<Ended>;
  /** `corral run`, below the lab's cgroup. */
  readonly run: (words: readonly string[], options?: StartOptions) => Promise<Ended>;
  /** Starts a container that lives until it is killed, and waits until it runs. */
  readonly box: (name: string, flags?: readonly string[], command?: readonly string[]) => Promise<Started>;
  /** The status of a container; `undefined` where there is none of that name. */
  readonly status: (name: string) => string | undefined;
  /** The words of `corral run` in this lab. */
  readonly runWords: (words: readonly string[]) => readonly string[];
}

/** Makes a lab. What a test leaves running is killed after it; what it leaves behind otherwise fails it. */
export function makeCliLab(): CliLab {
  const stateDir = mkdtempSync(join(tmpdir(), 'corral-test-state-'));
  const cgroupParent = `corral-test-${randomBytes(4).toString('hex')}`;
  const containers = new Containers({ stateDir });
  const running = new Set<Started>();
  checkLeaks({ stateDir, cgroupParent });
  afterEach(async () => {
    await Promise.all(containers.list().map(({ id }) => containers.kill(id)));
    await Promise.all([...running].map(({ ended }) => ended));
    expect(parentDirectories(cgroupParent), 'the cgroup that the containers were below').toEqual([]);
  });
  beforeEach(() => running.clear());
  afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

  const start: CliLab['start'] = (words, options = {}) => {
    const started = launch([options.main ?? MAIN, '--state-dir', stateDir, ...words], options);
    running.add(started);
    return started;
  };
  const runWords: CliLab['runWords'] = (words) => ['run', '--cgroup-parent', cgroupParent, ...words];
  return {
    stateDir,
    cgroupParent,
    start,
    runWords,
    status: (name) => containers.list().find(({ id }) => id === name)?.status,
    corral: (words, options) => start(words, options).ended,
    run: (words, options) => start(runWords(words), options).ended,
    box: async (name, flags = [], command = ['sleep', '1000']) => {
      const started = start(runWords(['--name', name, ...flags, '--', ...command]));
      await until(
        () => containers.list().some(({ id, status }) => id === name && status === 'running'),
        `${name} runs`,
      );
      return started;
    },
  };
}

/** Lists the directories that containers of this parent are below, in all hierarchies. */
function parentDirectories(parent: string): readonly string[] {
  const { layout, v2Base, v1Base } = readCgroupFacts();
  const tops = [
    layout.v2?.mount,
    ...layout.v1.map(({ mount }) => mount),
    v2Base?.path,
    ...v1Base.map(({ path }) => path),
  ];
  return tops.flatMap((top) => (top !== undefined && existsSync(join(top, parent)) ? [join(top, parent)] : []));
}

function launch(argv: readonly string[], { input, env, cwd, uid }: StartOptions): Started {
  const child = spawn(process.execPath, argv, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  // A command need not read all its input.
  child.stdin?.on('error', () => undefined).end(input);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr: withoutHostNotes(stderr) }));
  });
  return { process: child, output: () => stdout, ended };
}

/** What a host cannot give in full is the host's matter: the same test runs on many. */
function withoutHostNotes(stderr: string): string {
  return stderr.replace(
    /^corral: note: .*(cannot be idmapped here|are mounted below it|before Linux 6\.6|no cgroup v2)\n/gm,
    '',
  );
}
