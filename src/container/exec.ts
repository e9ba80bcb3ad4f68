import { closeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { KillReport } from '../cgroup/kill.js';
import { type CgroupLeaf, killLeaf } from '../cgroup/leaf.js';
import { compileExec } from '../compile/exec.js';
import { readHostFacts } from '../host/read-facts.js';
import { readReportPage } from '../native/report-page.js';
import { type ProcessOverrides, toExecProcess } from '../spec/exec.js';
import { withinOf } from '../spec/within.js';
import { UndoStack } from '../util/undo.js';
import { chooseStreams } from './choose-streams.js';
import { type EndingOptions, type Endable, checkEnding, stop, watchEnding } from './ending.js';
import { enter, openInit } from './enter.js';
import { type LaunchFaults, type LaunchedProcess, sendSignal } from './launch.js';
import { checkSurvivors, orderKill } from './one-by-one.js';
import { type ProcessResult, mainExit } from './result.js';
import type { State } from './state.js';
import { type NodeStreams, type StreamOptions, hostOwner } from './streams.js';
import type { Terminal } from './terminal.js';
import { databaseOf } from './surroundings.js';
import { now } from '../util/now.js';

/** How a further command is run in a container. What is not given is as it is for the container's main process. */
export interface ExecOptions extends ProcessOverrides, StreamOptions, EndingOptions {}

/**
 * A further process of a container, in a cgroup of its own below the container's. Where there can be none, a corral-init of its
 * own holds together what it starts.
 */
export class ExecProcess implements AsyncDisposable {
  /** In this process's pid namespace. */
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Its terminal, when it has one: see {@link Terminal}. */
  readonly terminal: Terminal | null;
  /** What this container could not give in full, in words. */
  readonly notes: readonly string[];
  /** How it ended; settles when nothing that it started is left. */
  readonly exited: Promise<ProcessResult>;
  readonly #process: LaunchedProcess;
  readonly #leaf: CgroupLeaf | undefined;
  readonly #ending: EndingOptions;
  readonly #streams: NodeStreams;
  readonly #startedAt: number;
  #killing: Promise<KillReport | undefined> | undefined;

  /** @internal */
  constructor(parts: {
    readonly process: LaunchedProcess;
    readonly leaf: CgroupLeaf | undefined;
    readonly streams: NodeStreams;
    readonly ending: EndingOptions;
    readonly startedAt: number;
  }) {
    this.#process = parts.process;
    this.#leaf = parts.leaf;
    this.#ending = parts.ending;
    this.#streams = parts.streams;
    this.#startedAt = parts.startedAt;
    this.pid = parts.process.pid;
    this.notes = parts.process.notes;
    ({ stdin: this.stdin, stdout: this.stdout, stderr: this.stderr, terminal: this.terminal } = parts.streams);
    this.exited = this.#finish();
    this.exited.catch(() => undefined);
  }

  /** Sends a signal to the process. @returns `false` when it has ended already */
  signal(signal: string | number): boolean {
    return sendSignal(this.#process.pidfd, signal);
  }

  /** Kills the process and all that it started, and nothing else of the container. */
  async kill(): Promise<KillReport | undefined> {
    const { pidfd } = this.#process;
    if (this.#leaf === undefined && pidfd.fd >= 0 && pidfd.poll() === undefined) orderKill(pidfd, 'children');
    const report = await this.#killLeaf();
    await this.exited;
    return report;
  }

  /** Asks the process to end, and kills it when it has not after the grace period. */
  async stop(options: Pick<EndingOptions, 'stopSignal' | 'gracePeriod'> = {}): Promise<ProcessResult> {
    await stop(this.#endable(), { ...this.#ending, ...options });
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  // Once: the name of a leaf that is gone may already be that of the next exec's.
  #killLeaf(): Promise<KillReport | undefined> {
    this.#killing ??= this.#leaf === undefined ? Promise.resolve(undefined) : killLeaf(this.#leaf);
    return this.#killing;
  }

  #endable(): Endable {
    return {
      signal: (signal) => {
        this.signal(signal);
      },
      kill: () => this.kill(),
      ended: this.#ended,
    };
  }

  #settle: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => {
    this.#settle = resolve;
  });

  async #finish(): Promise<ProcessResult> {
    const verdict = watchEnding(this.#endable(), this.#ending);
    const { pidfd, reportFd } = this.#process;
    const exit = mainExit(reportFd, await pidfd.wait());
    await this.#killLeaf();
    checkSurvivors(readReportPage(reportFd));
    this.#settle();
    pidfd.close();
    closeSync(reportFd);
    this.#streams.finish();
    return { ...exit, ...verdict, durationMs: now() - this.#startedAt };
  }
}

/**
 * Runs another command in a container that is running.
 *
 * @param faults - makes something fail, in tests
 * @throws StateError when the container is not running
 * @throws LaunchError naming the step that failed; nothing is left then
 */
export async function startExec(
  state: State,
  command: readonly string[],
  options: ExecOptions,
  faults?: LaunchFaults,
): Promise<ExecProcess> {
  const startedAt = now();
  options.signal?.throwIfAborted();
  checkEnding(options);
  const undo = new UndoStack();
  try {
    const container = openInit(state);
    undo.push('close pidfd', () => {
      container.close();
    });
    const target = toExecProcess(command, state.spec.process, options, {
      env: process.env,
      database: () => databaseOf(state.init?.pid ?? 0),
    });
    const facts = readHostFacts({ paths: [], cwd: '/' });
    const openStreams = await chooseStreams(options, target);
    const owner = withinOf(state.spec)?.owner;
    const streams = openStreams(owner ?? hostOwner(target.user, state.idMaps, facts.caller.privileged), undo);
    const entered = await enter({ state, container, undo, faults, streams: streams.child }, (alone) =>
      compileExec(state.spec, target, { facts, idMaps: state.idMaps, alone, id: state.id }),
    );
    container.close();
    const ends = streams.toNode(entered.process.terminal);
    undo.release();
    return new ExecProcess({ ...entered, streams: ends, ending: options, startedAt });
  } catch (error) {
    await undo.unwind();
    throw error;
  }
}
