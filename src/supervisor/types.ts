import type { Stats } from '../cgroup/stats.js';
import type { ContainerInfo } from '../container/info.js';
import type { EndReport } from '../container/wait.js';
import type { ContainerOptions } from '../spec/options.js';
import type { Origin } from './confined/origin.js';

/** When a container that has ended is started again. */
export interface RestartPolicy {
  /**
   * `no`: never; `on-failure`: unless it exited with 0; `always`: whenever it has ended by itself, and after a boot in any case;
   * `unless-stopped`: the same, but not after a boot when somebody had stopped it.
   */
  readonly name: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** Of `on-failure`: how many restarts in a row are tried; absent: any number. */
  readonly maxRetries?: number;
}

/** A command that is run in a container again and again, to see whether it does its work. Times are milliseconds. */
export interface HealthCheck {
  /** It exits with 0 where all is well. */
  readonly command: readonly string[];
  /** From the end of one check to the next. @default 30,000 */
  readonly interval: number;
  /** After which a check has failed. @default 30,000 */
  readonly timeout: number;
  /** How many checks in a row fail before the container is unhealthy. @default 3 */
  readonly retries: number;
  /** From the start of the container: checks that fail meanwhile do not count. @default 0 */
  readonly startPeriod: number;
  /** What becomes of a container that is unhealthy: nothing, its end, or its end and a new start. @default 'none' */
  readonly onFailure: 'none' | 'kill' | 'restart';
}

/** Where the output of a container goes. */
export interface LogPolicy {
  /** `raw`: the kernel writes it into a file; `json`: lines with their time and stream; `none`: nowhere. @default 'raw' */
  readonly driver: 'raw' | 'json' | 'none';
  /** Of `json`: bytes after which a new file is begun; absent: one file of any length. */
  readonly maxSize?: number;
  /** Of `json`: how many files there are at most. @default 5, where there is a maxSize */
  readonly maxFiles?: number;
}

/** What the supervisor is to do for a container, beside starting it. All of it is kept on disk, as JSON. */
export interface Supervision {
  readonly restart: RestartPolicy;
  readonly log: LogPolicy;
  readonly health?: HealthCheck;
  /** Milliseconds after which each of its runs is ended. */
  readonly timeout?: number;
  readonly stopSignal?: string;
  /** Milliseconds. */
  readonly gracePeriod?: number;
  /** Its standard input stays open, for those who attach. @default false */
  readonly interactive?: boolean;
  /** It is forgotten once it has ended and is not to be started again. @default false */
  readonly autoRemove?: boolean;
  /** It lives as long as the connection of whoever asked for it. */
  readonly leased?: boolean;
}

/** What a supervised container is made of: options of the library, with every path of the host absolute. */
export interface SupervisedOptions {
  readonly command: readonly string[];
  readonly container: Omit<ContainerOptions, 'dieWithParent'>;
  readonly supervision: Supervision;
  /** Where its maker was: its working directory, where it can see that and no other was asked for. */
  readonly callerDirectory?: string;
  /** Its maker's variables, of which some are passed on: PATH and TERM; without namespaces all of them. */
  readonly callerEnv?: Readonly<Record<string, string>>;
  /** It was asked for from inside a container: then it lives there. Nothing that a request could say. */
  readonly origin?: Origin;
}

/**
 * Where a supervised container is in its life.
 *
 * `created`: it has never been started; `starting`: its start is under way; `running`, `paused`: what they say; `stopping`: it was
 * asked to end; `restarting`: so, and it is started again when it has; `waiting`: it has ended, and will be started again when its back-off is over; `exited`: it has ended, and nobody but
 * a caller starts it again; `removing`: it is being forgotten.
 */
export type SupervisedStatus =
  'created' | 'starting' | 'running' | 'paused' | 'stopping' | 'restarting' | 'waiting' | 'exited' | 'removing';

/** How the last checks of a container's health went. `starting`: none has succeeded yet, and its start period is not over. */
export type Health = 'starting' | 'healthy' | 'unhealthy';

/** What a list shows of a supervised container. */
export interface SupervisedInfo extends Omit<ContainerInfo, 'status' | 'stats'> {
  /** What it uses; absent while it does not run. */
  readonly stats?: Stats;
  readonly status: SupervisedStatus;
  readonly restart: RestartPolicy;
  /** How often it was started again, since somebody last asked for a start. */
  readonly restarts: number;
  /** Absent where it has no health check. */
  readonly health?: Health;
  /** How its last run ended; absent before the first end. */
  readonly lastEnd?: RunEnd;
  /** When it is started again, RFC 3339; of `waiting`. */
  readonly nextStart?: string;
  readonly log: LogPolicy;
}

/** How one run of a container ended, or failed to start. */
export interface RunEnd extends Omit<EndReport, 'id'> {
  /** Counted from 1. */
  readonly run: number;
  /** RFC 3339. */
  readonly startedAt: string;
  /** RFC 3339. */
  readonly endedAt: string;
  /** Why there is no exit code: its start failed (in words), or the machine went down under it. */
  readonly error?: string;
}
