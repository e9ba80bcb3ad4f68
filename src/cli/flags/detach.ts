import type { Flag } from './flag.js';
import { duration, integer, text } from './readers.js';

const DETACHED = 'Detached';

/** What `corral run -d` takes besides, under the names of the supervisor's options. */
export interface DetachOptions {
  readonly detach?: true;
  readonly autoRemove?: true;
  readonly lease?: true;
  readonly restart?: string;
  readonly 'log.driver'?: string;
  readonly 'log.maxSize'?: string;
  readonly 'log.maxFiles'?: number;
  readonly 'health.command'?: string;
  readonly 'health.interval'?: number;
  readonly 'health.timeout'?: number;
  readonly 'health.retries'?: number;
  readonly 'health.startPeriod'?: number;
  readonly 'health.onFailure'?: string;
}

/** The flags of {@link DetachOptions}. */
export const DETACH_FLAGS = {
  detach: {
    flags: '-d, --detach',
    help: 'leave it to the supervisor: it goes on without this terminal',
    group: DETACHED,
    value: true,
  },
  lease: {
    flags: '--lease',
    help: 'it dies with this corral, which waits, however that dies',
    group: DETACHED,
    value: true,
  },
  autoRemove: {
    flags: '--rm',
    help: 'forget it when it has ended (in the foreground always so)',
    group: DETACHED,
    value: true,
  },
  restart: {
    flags: '--restart <POLICY>',
    help: 'start it again: no, on-failure[:TIMES], always, unless-stopped',
    group: DETACHED,
    read: text,
    values: ['no', 'on-failure', 'always', 'unless-stopped'],
  },
  'log.driver': {
    flags: '--log-driver <DRIVER>',
    help: 'its output: raw (a file, by the kernel), json (lines, times), none',
    group: DETACHED,
    read: text,
    values: ['raw', 'json', 'none'],
  },
  'log.maxSize': {
    flags: '--log-max-size <SIZE>',
    help: 'begin a new file after so much; implies json',
    group: DETACHED,
    read: text,
  },
  'log.maxFiles': {
    flags: '--log-max-files <N>',
    help: 'how many there are at most (default: 5)',
    group: DETACHED,
    read: integer,
  },
  'health.command': {
    flags: '--health-cmd <LINE>',
    help: 'a shell command that exits with 0 while all is well',
    group: DETACHED,
    read: text,
  },
  'health.interval': {
    flags: '--health-interval <TIME>',
    help: 'from one check to the next (default: 30s)',
    group: DETACHED,
    read: duration,
  },
  'health.timeout': {
    flags: '--health-timeout <TIME>',
    help: 'after which a check has failed (default: 30s)',
    group: DETACHED,
    read: duration,
  },
  'health.retries': {
    flags: '--health-retries <N>',
    help: 'how many in a row fail before it is unhealthy (default: 3)',
    group: DETACHED,
    read: integer,
  },
  'health.startPeriod': {
    flags: '--health-start-period <TIME>',
    help: 'checks that fail do not count until then (default: 0s)',
    group: DETACHED,
    read: duration,
  },
  'health.onFailure': {
    flags: '--health-on-failure <ACTION>',
    help: 'when unhealthy: none, kill or restart (default: none)',
    group: DETACHED,
    read: text,
    values: ['none', 'kill', 'restart'],
  },
} as const satisfies Record<keyof DetachOptions, Flag>;

/** Splits what only a supervisor is asked for from the rest. */
export function takeDetachFlags<T extends DetachOptions>(
  options: T,
): { readonly detach: DetachOptions; readonly rest: Omit<T, keyof DetachOptions> } {
  const isDetach = ([name]: readonly [string, unknown]): boolean => Object.hasOwn(DETACH_FLAGS, name);
  const entries = Object.entries(options);
  return {
    detach: Object.fromEntries(entries.filter(isDetach)),
    rest: Object.fromEntries(entries.filter((entry) => !isDetach(entry))) as Omit<T, keyof DetachOptions>,
  };
}
