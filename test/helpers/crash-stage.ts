import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { readMark } from '../../src/cgroup/mark.js';
import type { Client } from '../../src/supervisor/client/client.js';
import { openClient } from '../../src/supervisor/client/connect.js';
import { Records } from '../../src/supervisor/record/records.js';
import { readSupervision, type SupervisionOptions } from '../../src/supervisor/supervision-options.js';
import type { RunEnd, SupervisedInfo, SupervisedOptions } from '../../src/supervisor/types.js';
import { findByArgument, listCgroups, listParents } from './leaks.js';
import { until } from './lab.js';
import { Workload, type WorkloadOptions } from './crash-workload.js';

/** What is kept on disk of a supervised container, as far as these tests look at it. */
interface RecordLine {
  readonly lastEnd?: RunEnd;
  readonly ending?: { readonly restart?: boolean } | null;
}

/** A container that the tests of a stage have made. */
export interface Actor {
  readonly id: string;
  readonly workload: Workload;
  readonly options: SupervisedOptions;
}

/** How an actor is made. */
export interface ActorOptions extends WorkloadOptions, SupervisionOptions {
  readonly leased?: boolean;
  readonly container?: SupervisedOptions['container'];
}

/** A state directory and a cgroup parent of a test's own, and the supervisor that is started there on demand. */
export class Stage implements AsyncDisposable {
  readonly stateDir = mkdtempSync(join(tmpdir(), 'corral-crash-'));
  readonly cgroupParent = `corral-test-${randomBytes(4).toString('hex')}`;
  /** Containers see it: it is not hidden from them. */
  readonly journals = mkdtempSync(join('/var/tmp', 'corral-crash-'));
  readonly #clients: Client[] = [];

  /** Connects to the supervisor; where there is none, one is started. */
  async connect(): Promise<Client> {
    const client = await openClient({ stateDir: this.stateDir });
    this.#clients.push(client);
    return client;
  }

  /** Lists the supervisors that run, and those that are about to. */
  supervisors(): readonly number[] {
    return findByArgument(this.stateDir).filter((pid) => words(pid).includes('supervise'));
  }

  /** Returns the one supervisor. */
  supervisor(): number {
    const [pid, ...more] = this.supervisors();
    expect(more).toEqual([]);
    if (pid === undefined) throw new Error('no supervisor runs');
    return pid;
  }

  /** Kills whatever supervisor there is, and waits until it is gone. @returns how many there were */
  async killSupervisors(): Promise<number> {
    const pids = this.supervisors();
    for (const pid of pids) send(pid, 'SIGKILL');
    await until(() => pids.every(isGone), 'the supervisors are gone');
    return pids.length;
  }

  /** Asks the one supervisor to end, and waits until it has. */
  async endSupervisor(): Promise<void> {
    const pid = this.supervisor();
    send(pid, 'SIGTERM');
    await until(() => isGone(pid), 'the supervisor has ended');
  }

  /** Thinks up a container; it is not made yet. */
  actor(id: string, { leased, container = {}, ...options }: ActorOptions = {}): Actor {
    const workload = new Workload(this.journals, id, options);
    const inside = container.isolation === 'cgroup' ? workload.directory : '/journal';
    const { life: _life, tick: _tick, grace: _grace, succeeds: _succeeds, ...supervision } = options;
    return {
      id,
      workload,
      options: {
        command: workload.command(inside),
        container: {
          name: id,
          cgroupParent: this.cgroupParent,
          ...(inside === '/journal' ? { volumes: [`${workload.directory}:/journal`] } : {}),
          ...container,
        },
        supervision: { ...readSupervision(supervision), ...(leased === true ? { leased } : {}) },
        callerDirectory: '/',
      },
    };
  }

  /** Lists the processes of an actor's workload. */
  processes({ workload }: Actor): readonly number[] {
    return findByArgument(workload.marker);
  }

  /** Reads every end that is on disk of a container. */
  readEnds(id: string): readonly RunEnd[] {
    return this.#readRecord(id).flatMap(({ lastEnd }) => lastEnd ?? []);
  }

  /** Tells whether it is on disk that a container was asked to restart. */
  hasNotedRestart(id: string): boolean {
    return this.#readRecord(id).some(({ ending }) => ending?.restart === true);
  }

  /** Reads what the supervisors have complained about. */
  readComplaints(): string {
    return readText(join(this.stateDir, 'supervisor.log'));
  }

  /** Lists the cgroups of the stage's containers. */
  cgroups(): readonly string[] {
    return listCgroups(this.cgroupParent);
  }

  /** Waits until a container is as it should be. */
  async untilInfo(
    client: Client,
    id: string,
    isSo: (info: SupervisedInfo) => boolean,
    what: string,
    timeoutMs = 15_000,
  ): Promise<SupervisedInfo> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const info = await client.get(id);
      if (isSo(info)) return info;
      if (performance.now() > deadline) throw new Error(`not in time: ${id} ${what}; it is ${JSON.stringify(info)}`);
      await delay(20);
    }
  }

  #kept(): readonly string[] {
    return new Records(join(this.stateDir, 'data')).names();
  }

  #readRecord(id: string): readonly RecordLine[] {
    const lines = readText(join(this.stateDir, 'data', id, 'record')).split('\n');
    return lines.flatMap((line) => parse(line) ?? []);
  }

  /** Removes every container, ends the supervisor, and looks whether anything is left. */
  async close(): Promise<void> {
    const client = await this.connect();
    for (const { id } of await client.list()) await client.remove(id, { force: true });
    expect(this.#kept(), 'nothing is kept of containers that were removed').toEqual([]);
    expect(
      readdirSync(this.stateDir).filter((name) => name.endsWith('.state') || name.endsWith('.report')),
      'no state is left',
    ).toEqual([]);
    expect(this.cgroups(), 'no cgroup is left').toEqual([]);
    await this.endSupervisor();
    expect(readdirSync(join(this.stateDir, 'api')), 'no socket is left').toEqual([]);
    // One that was made a moment before a kill, and not marked yet, nobody can tell from somebody else's.
    const marked = listParents(this.cgroupParent).filter((path) => readMark(path) !== undefined);
    expect(marked, 'no parent of cgroups is left').toEqual([]);
    for (const name of readdirSync(this.journals))
      expect(findByArgument(`marker:${join(this.journals, name)}`), 'no process is left').toEqual([]);
  }

  /** Leaves nothing, also after a test that has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    if (this.#kept().length > 0 || this.supervisors().length > 0) {
      const client = await this.connect();
      for (const { id } of await client.list()) await client.remove(id, { force: true });
      client.close();
      await this.endSupervisor();
    }
    for (const parent of listParents(this.cgroupParent)) rmdirSync(parent);
    rmSync(this.stateDir, { recursive: true, force: true });
    rmSync(this.journals, { recursive: true, force: true });
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** The words of a process; none of one that is dead. */
function words(pid: number): readonly string[] {
  return readText(`/proc/${String(pid)}/cmdline`)
    .split('\0')
    .filter((word) => word !== '');
}

// A process is without its memory, and so without words, before it is without its descriptors; and its first thread may be dead
// before the others are.
function isGone(pid: number): boolean {
  const stat = readText(`/proc/${String(pid)}/stat`);
  if (stat === '') return true;
  return /\) [ZX] /.test(stat) && listTasks(pid).length <= 1;
}

function listTasks(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${String(pid)}/task`);
  } catch {
    return []; // gone
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone, or never made
  }
}

// The last line may be half of one.
function parse(line: string): RecordLine | undefined {
  try {
    return JSON.parse(line) as RecordLine;
  } catch {
    return undefined;
  }
}
