import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import { Store } from '../../../src/container/store.js';
import { Records } from '../../../src/supervisor/record/records.js';
import { readSupervision } from '../../../src/supervisor/supervision-options.js';
import { Supervisor } from '../../../src/supervisor/supervisor.js';
import { SystemRunner } from '../../../src/supervisor/run/system-runner.js';
import type { SupervisedOptions } from '../../../src/supervisor/types.js';
import { makeLab, until } from '../../helpers/lab.js';
import { killHard } from '../../helpers/owner.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import type { SupervisorJob } from '../../helpers/supervisor-process.js';

const KILLS = 60;

const lab = makeLab();
const data = join(lab.stateDir, 'data');
// It lasts from one supervisor to the next, and is there before the first test.
mkdirSync(data, { mode: 0o700 });

const programs = mkdtempSync(join(tmpdir(), 'corral-supervisor-'));
const program = join(programs, 'supervisor.mjs');
const running: ChildProcess[] = [];

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('../../helpers/supervisor-process.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    define: { 'import.meta.dirname': JSON.stringify(fileURLToPath(new URL('../../../src/native', import.meta.url))) },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
});
afterEach(async () => {
  for (const child of running.splice(0))
    if (child.exitCode === null && child.signalCode === null) await killHard(child);
  // What a test that has failed has left.
  if (existsSync(join(data, 'web'))) await (await makeSupervisor()).remove('web', { force: true });
});
afterAll(() => {
  rmSync(programs, { recursive: true, force: true });
});

interface Killable {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
}

/** Starts a supervisor that can be killed. */
function startSupervisor(create?: SupervisedOptions): Killable {
  const job: SupervisorJob = { stateDir: lab.stateDir, ...(create === undefined ? {} : { create }) };
  const child = spawn(process.execPath, [program, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('ready')) resolve();
    });
    child.once('exit', (code, signal) => {
      reject(new Error(`it has ended: ${String(code ?? signal)}`));
    });
  });
  ready.catch(() => undefined);
  return { child, ready };
}

async function makeSupervisor(): Promise<Supervisor> {
  const { stateDir } = lab;
  const records = new Records(data);
  const runner = new SystemRunner({ store: new Store(stateDir), records });
  const supervisor = new Supervisor({ containers: new Containers({ stateDir }), records, runner });
  await supervisor.recover();
  return supervisor;
}

/** Starts a container whose supervisor then is dead. @returns the pid of its init */
async function leaveAlone(script: string, container: SupervisedOptions['container'] = {}): Promise<number> {
  const { child, ready } = startSupervisor(of(script, container));
  await ready;
  await killHard(child);
  return lab.containers.list()[0]!.pid!;
}

async function untilEnded(pid: number): Promise<void> {
  await until(() => !existsSync(`/proc/${String(pid)}`), 'its init has ended');
}

function of(script: string, container: SupervisedOptions['container'] = {}): SupervisedOptions {
  return {
    command: ['sh', '-c', script],
    container: { name: 'web', cgroupParent: lab.cgroupParent, ...container },
    supervision: readSupervision({ log: { driver: 'json' } }),
  };
}

/** The lines of each stream; a piece of one is a line, too. */
async function readStreams(supervisor: Supervisor): Promise<Record<'stdout' | 'stderr', string[]>> {
  const found: Record<'stdout' | 'stderr', string[]> = { stdout: [], stderr: [] };
  for await (const { stream, data: bytes } of supervisor.logs('web')) {
    found[stream!].push(Buffer.from(bytes).toString());
  }
  return found;
}

/** Compared as a whole: a difference of megabytes is nothing to be printed. */
function expectNumbers(lines: readonly string[], count: number): void {
  const wrong = lines.findIndex((line, index) => line !== String(index + 1));
  expect(wrong < 0 ? 'all right' : `line ${String(wrong)} is ${lines[wrong]!.slice(0, 100)}`).toBe('all right');
  expect(lines).toHaveLength(count);
}

const spoolSize = (stream: string): number => statSync(join(data, 'web', `${stream}.spool`)).size;

describe('a container that writes into pipes', () => {
  it('loses nothing by opening them anew', async () => {
    const supervisor = await makeSupervisor();
    const script = 'for i in $(seq 1000); do echo $i > /dev/stderr; echo $i > /dev/stdout; done';
    await supervisor.create(of(script, { user: '1000' }));
    expect(await supervisor.wait('web')).toMatchObject({ exitCode: 0 });
    const { stdout, stderr } = await readStreams(supervisor);
    expectNumbers(stdout, 1000);
    expectNumbers(stderr, 1000);
    await supervisor.remove('web');
  });

  it('loses nothing by being killed', async () => {
    const supervisor = await makeSupervisor();
    await supervisor.create(of('seq 100000; echo 1 >&2; exec seq 100001 100000000'));
    await until(() => existsSync(join(data, 'web/stdout.spool')) && spoolSize('stdout') > 2_000_000, 'it writes');
    await supervisor.kill('web');
    await supervisor.wait('web');
    const { stdout } = await readStreams(supervisor);
    // The last line may be cut.
    expectNumbers(stdout.slice(0, -1), stdout.length - 1);
    expect(stdout.length).toBeGreaterThan(100_000);
    await supervisor.remove('web');
  });

  it('has an init with the other ends, the spools, and nothing else', async () => {
    const pid = await leaveAlone('echo; sleep 1000');
    const supervisor = await makeSupervisor();
    const list = readdirSync(`/proc/${String(pid)}/fd`).sort();
    expect(list).toEqual(['4', '5', '6', '7']);
    expect(readFileSync(`/proc/${String(pid)}/fdinfo/5`, 'utf8')).toMatch(/flags:\t0\d*1\n/);
    await supervisor.remove('web', { force: true });
  });

  it('is told, without an init, what that means', async () => {
    const supervisor = await makeSupervisor();
    const { notes } = await supervisor.create(of('echo 1', { init: false }));
    expect(notes.join('\n')).toMatch(/it gets EPIPE should the supervisor die.*: it has no init that could hold it/);
    await supervisor.wait('web');
    expectNumbers((await readStreams(supervisor)).stdout, 1);
    await supervisor.remove('web');
  });
});

describe('a container whose supervisor is dead', () => {
  it('loses nothing when it ends', async () => {
    const pid = await leaveAlone('sleep 0.5; seq 140000; seq 150000 >&2; printf half; exit 7');
    await untilEnded(pid);
    expect(spoolSize('stdout'), 'its init has seen to that').toBeGreaterThan(800_000);
    const supervisor = await makeSupervisor();
    expect(await supervisor.wait('web')).toMatchObject({ run: 1, exitCode: 7 });
    const { stdout, stderr } = await readStreams(supervisor);
    expect(stdout.at(-1)).toBe('half');
    expectNumbers(stdout.slice(0, -1), 140_000);
    expectNumbers(stderr, 150_000);
    await supervisor.remove('web');
  });

  const cases: Readonly<Record<string, SupervisedOptions['container']>> = {
    'a pid namespace of its own': {},
    'the pid namespace of the host': { pid: 'host' },
    'isolation cgroup': { isolation: 'cgroup' },
  };
  it.each(Object.entries(cases))('loses nothing when it ends with full pipes, with %s', async (_name, container) => {
    const flood = 'sleep 0.5; seq 10000000 & seq 10000000 >&2 & sleep 1; exit 3';
    const pid = await leaveAlone(flood, container);
    await untilEnded(pid);
    // A page may hold less than it has room for.
    for (const stream of ['stdout', 'stderr']) expect(spoolSize(stream)).toBeGreaterThan(900_000);
    const supervisor = await makeSupervisor();
    expect(await supervisor.wait('web')).toMatchObject({ run: 1, exitCode: 3 });
    const { stdout, stderr } = await readStreams(supervisor);
    for (const lines of [stdout, stderr]) {
      expectNumbers(lines.slice(0, -1), lines.length - 1);
      expect(lines.length).toBeGreaterThan(100_000);
    }
    await supervisor.remove('web');
  });

  it('waits when its pipes are full, and goes on with the next one', async () => {
    await leaveAlone('sleep 0.5; seq 500000; echo 1 >&2; exit 5');
    await delay(1500 * TIME_SCALE);
    expect(spoolSize('stdout')).toBe(0);
    expect(lab.containers.list()).toMatchObject([{ id: 'web', status: 'running' }]);
    const supervisor = await makeSupervisor();
    expect(await supervisor.wait('web')).toMatchObject({ run: 1, exitCode: 5 });
    const { stdout, stderr } = await readStreams(supervisor);
    expectNumbers(stdout, 500_000);
    expectNumbers(stderr, 1);
    await supervisor.remove('web');
  });
});

describe('a supervisor that is killed again and again in a flood', () => {
  it('has every line once', { timeout: 300_000 * TIME_SCALE }, async () => {
    const script = `n=0
      trap 'exit 9' TERM
      while :; do
        seq $((n * 10000 + 1)) $((n * 10000 + 10000))
        seq $((n * 1000 + 1)) $((n * 1000 + 1000)) >&2
        n=$((n + 1)); sleep 0.3
      done`;
    const first = startSupervisor(of(script));
    await first.ready;
    await killHard(first.child);
    for (let kill = 1; kill < KILLS; kill += 1) {
      const { child, ready } = startSupervisor();
      // Every fourth somewhere in its start, the others at work.
      if (kill % 4 === 0) await delay(Math.random() * 250 * TIME_SCALE);
      else await ready.then(() => delay(Math.random() * 40));
      await killHard(child);
    }
    expect(lab.containers.list()).toMatchObject([{ id: 'web', status: 'running' }]);
    const supervisor = await makeSupervisor();
    await supervisor.stop('web');
    expect(await supervisor.wait('web')).toMatchObject({ run: 1, exitCode: 9 });
    const { stdout, stderr } = await readStreams(supervisor);
    // Its shell looks at signals between two commands: it has written the one stream, and maybe not yet the other.
    const parts = stdout.length / 10_000;
    expect(parts).toBeGreaterThan(1);
    expectNumbers(stdout, parts * 10_000);
    expect([parts, parts - 1]).toContain(stderr.length / 1000);
    expectNumbers(stderr, stderr.length);
    await supervisor.remove('web');
  });
});
