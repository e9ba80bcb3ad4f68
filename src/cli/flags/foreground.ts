import type { Flag } from './flag.js';
import { duration, text } from './readers.js';

const RUNNING = 'While it runs';

/** What the verbs that run a command in the foreground take besides what describes the process. */
export interface ForegroundOptions {
  readonly interactive?: true;
  readonly timeout?: number;
  readonly stopSignal?: string;
  readonly gracePeriod?: number;
  readonly result?: string;
  readonly quiet?: true;
}

/** The flags of {@link ForegroundOptions}. */
export const FOREGROUND_FLAGS = {
  interactive: {
    flags: '-i, --interactive',
    help: 'hand standard input on (otherwise it is empty)',
    group: RUNNING,
    value: true,
  },
  timeout: {
    flags: '--timeout <TIME>',
    help: 'kill it after 500ms, 10s, 2h …; the exit code is then 124',
    group: RUNNING,
    read: duration,
  },
  stopSignal: {
    flags: '--stop-signal <SIGNAL>',
    help: 'what a timeout sends first (default: it kills at once)',
    group: RUNNING,
    read: text,
  },
  gracePeriod: {
    flags: '--stop-timeout <TIME>',
    help: 'time between that signal and the kill (default: 10s)',
    group: RUNNING,
    read: duration,
  },
  result: {
    flags: '--result <FILE>',
    help: 'write how it ended and what it used, as a line of JSON; -: to standard error',
    group: RUNNING,
    read: text,
  },
  quiet: {
    flags: '-q, --quiet',
    help: 'say nothing but why corral itself failed',
    group: RUNNING,
    value: true,
  },
} as const satisfies Record<keyof ForegroundOptions, Flag>;
