import { OptionError } from '../errors/option-error.js';
import { parseDuration } from '../util/duration.js';
import { defined } from '../util/defined.js';
import { parseSize } from '../util/size.js';
import { parseRestartPolicy } from './life/restart-policy.js';
import type { HealthCheck, LogPolicy, Supervision } from './types.js';

/** How a health check is asked for. */
export interface HealthOptions {
  /** The command, or a line for `/bin/sh -c`. */
  readonly command: string | readonly string[];
  /** Milliseconds, or a time such as `30s`. */
  readonly interval?: number | string;
  readonly timeout?: number | string;
  readonly retries?: number;
  readonly startPeriod?: number | string;
  readonly onFailure?: HealthCheck['onFailure'];
}

/** How a log is asked for. */
export interface LogOptions {
  readonly driver?: LogPolicy['driver'];
  /** Bytes, or a size such as `10M`. */
  readonly maxSize?: number | string;
  readonly maxFiles?: number;
}

/** What people and programs ask of a supervisor for a container, beside what it is made of. */
export interface SupervisionOptions {
  /** `no`, `on-failure`, `on-failure:TIMES`, `always` or `unless-stopped`. @default 'no' */
  readonly restart?: string;
  /** Where its output goes. @default straight into a file */
  readonly log?: LogOptions;
  readonly health?: HealthOptions;
  /** Ends each of its runs after this time: milliseconds, or a time such as `10s`. */
  readonly timeout?: number | string;
  /** What a stop, and a timeout, send first. @default 'SIGTERM', and for a timeout nothing */
  readonly stopSignal?: string;
  /** Time between that and the kill. @default 10 s */
  readonly gracePeriod?: number | string;
  /** Its standard input stays open, for those who attach. @default false */
  readonly interactive?: boolean;
  /** It is forgotten once it has ended and is not to be started again. @default false */
  readonly autoRemove?: boolean;
}

const HALF_MINUTE = 30_000;
const RETRIES = 3;

/** As with docker, where files are rotated at all. */
const MAX_FILES = 5;

/** The least that a log file may be bounded to: several of the longest lines. */
const LEAST_SIZE = 64 * 1024;

/**
 * Reads what is asked of a supervisor.
 *
 * @throws OptionError naming the option, its value and what was expected
 */
export function readSupervision(options: SupervisionOptions): Supervision {
  const { restart = 'no', log = {}, health, timeout, stopSignal, gracePeriod, interactive, autoRemove } = options;
  const policy = parseRestartPolicy(restart);
  if (autoRemove === true && policy.name !== 'no' && policy.name !== 'on-failure')
    throw new OptionError('autoRemove', autoRemove, `possible with restart ${restart}: that never lets it end`);
  return {
    restart: policy,
    log: readLogPolicy(log),
    ...defined({
      health: health === undefined ? undefined : readHealth(health),
      timeout: readTime('timeout', timeout),
      stopSignal,
      gracePeriod: readTime('gracePeriod', gracePeriod),
      interactive,
      autoRemove,
    }),
  };
}

function readLogPolicy({ driver, maxSize, maxFiles }: LogOptions): LogPolicy {
  const rotates = maxSize !== undefined || maxFiles !== undefined;
  if (driver !== undefined && driver !== 'json' && rotates)
    throw new OptionError('log.driver', driver, 'json, as log.maxSize and log.maxFiles need it');
  if (maxFiles !== undefined && maxSize === undefined)
    throw new OptionError('log.maxFiles', maxFiles, 'possible without log.maxSize: no second file is ever begun');
  if (maxFiles !== undefined && !(Number.isInteger(maxFiles) && maxFiles >= 1 && maxFiles <= 1000))
    throw new OptionError('log.maxFiles', maxFiles, 'a whole number, 1–1000');
  if (maxSize === undefined) return { driver: driver ?? 'raw' };
  return { driver: 'json', maxSize: readSize(maxSize), maxFiles: maxFiles ?? MAX_FILES };
}

function readSize(value: number | string): number {
  const bytes = typeof value === 'number' ? value : parseSize(value);
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes < LEAST_SIZE)
    throw new OptionError('log.maxSize', value, 'a size such as 10M, 64K at least');
  return bytes;
}

function readHealth({ command, interval, timeout, retries, startPeriod, onFailure }: HealthOptions): HealthCheck {
  const words = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  if (words.length === 0 || words[0] === '' || command === '')
    throw new OptionError('health.command', command, 'a command');
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 1))
    throw new OptionError('health.retries', retries, 'a whole number, 1 or more');
  return {
    command: words,
    interval: readTime('health.interval', interval, 1) ?? HALF_MINUTE,
    timeout: readTime('health.timeout', timeout, 1) ?? HALF_MINUTE,
    retries: retries ?? RETRIES,
    startPeriod: readTime('health.startPeriod', startPeriod) ?? 0,
    onFailure: onFailure ?? 'none',
  };
}

function readTime(option: string, value: number | string | undefined, least = 0): number | undefined {
  if (value === undefined) return undefined;
  const ms = typeof value === 'number' ? value : parseDuration(value);
  if (ms === undefined || !Number.isFinite(ms) || ms < least)
    throw new OptionError(option, value, 'a time such as 500ms, 10s, 1.5m or 2h');
  return ms;
}
