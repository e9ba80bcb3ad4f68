import type { KillReport } from '../cgroup/kill.js';
import type { Limits } from '../cgroup/limits.js';
import type { ContainerDetails } from '../container/containers.js';
import type { StopOptions } from '../container/ending.js';
import type { ExecOptions } from '../container/exec.js';
import type { StopReport } from '../container/stopping.js';
import type { UpdateOptions } from '../spec/options.js';
import type { Attachment } from './attachment.js';
import type { SupervisedEvent } from './events.js';
import type { SupervisedExec } from './exec.js';
import type { LogLine, LogQuery } from './logs/types.js';
import type { ProcessInfo } from './processes.js';
import type { RunEnd, SupervisedInfo, SupervisedOptions } from './types.js';

/** All that is known of a supervised container; `container` is there while it runs. */
export interface SupervisedDetails extends SupervisedInfo {
  readonly options: SupervisedOptions;
  readonly container?: ContainerDetails;
  /** The files that its output goes to. */
  readonly logPath?: string;
}

/**
 * What can be asked of a supervisor, in its own process (Supervisor) or over its socket (Client): the one list of its verbs.
 *
 * All of them throw NotFoundError for a name that is none, StateError where the container's life does not allow it, OptionError for
 * values that make no sense.
 */
export interface SupervisorFace {
  /**
   * Makes a container, and starts it unless told not to.
   *
   * @param options - `lease`: it is killed when this is aborted
   * @returns once it runs, or, with `start: false`, is made. A start that fails the first time leaves nothing, and throws.
   * @throws AlreadyExistsError
   */
  create(
    options: SupervisedOptions,
    how?: { readonly start?: boolean; readonly lease?: AbortSignal },
  ): Promise<SupervisedInfo & { readonly notes: readonly string[] }>;
  /** Has a container die with a signal: for makers whose connection has gone with a supervisor that has died. */
  lease(id: string, signal: AbortSignal): void | Promise<void>;
  /** Starts one that does not run. @returns `false` when it runs already */
  start(id: string): Promise<boolean>;
  /** Asks one to end, kills it when it does not, and has it stay ended. */
  stop(id: string, options?: StopOptions): Promise<StopReport>;
  /** Stops it, where it runs, and starts it. */
  restart(id: string, options?: StopOptions): Promise<SupervisedInfo>;
  /** Kills it, and has it stay ended. */
  kill(id: string): Promise<KillReport>;
  /** Sends a signal to its main process, or to all; what becomes of it is its own doing. */
  signal(id: string, signal: string | number, how?: { readonly all?: boolean }): Promise<void>;
  pause(id: string): Promise<boolean>;
  resume(id: string): Promise<boolean>;
  update(id: string, options: UpdateOptions): Promise<Limits>;
  /** Forgets one that has ended, with its logs; with `force` it is killed first. */
  remove(id: string, options?: { readonly force?: boolean }): Promise<void>;
  list(): Promise<readonly SupervisedInfo[]>;
  get(id: string): Promise<SupervisedInfo>;
  inspect(id: string): Promise<SupervisedDetails>;
  /** Lists the processes that it has now, by pid; none where it does not run. */
  processes(id: string): Promise<readonly ProcessInfo[]>;
  /** Waits until it has ended and is not to be started again. @returns how its last run ended */
  wait(id: string, options?: { readonly signal?: AbortSignal }): Promise<RunEnd>;
  /** Reads its log. With `follow` it ends when the container is forgotten, or has ended for good. */
  logs(id: string, query?: LogQuery): AsyncIterable<LogLine>;
  /** Connects to its streams or terminal. */
  attach(id: string): Promise<Attachment>;
  exec(id: string, command: readonly string[], options?: ExecOptions): Promise<SupervisedExec>;
  /** Watches from the call on. */
  events(options?: {
    readonly names?: readonly string[];
    readonly signal?: AbortSignal;
  }): AsyncIterable<SupervisedEvent>;
}
