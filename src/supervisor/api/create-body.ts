import * as v from 'valibot';
import { OptionError } from '../../errors/option-error.js';
import { FILE_SHAPES, readOptionsFile } from '../../spec/options-file.js';
import { allOptional, parseShape, recordOf } from '../../spec/options-schema.js';
import { defined } from '../../util/defined.js';
import { checkEnding } from '../../container/ending.js';
import { formatRestartPolicy } from '../life/restart-policy.js';
import { type HealthOptions, type LogOptions, readSupervision } from '../supervision-options.js';
import type { LogPolicy, RestartPolicy, SupervisedOptions } from '../types.js';
import { count, described, flag, size, text, texts, time } from './shapes.js';

/** What a request to make a container comes to. */
export interface CreateRequest {
  readonly options: SupervisedOptions;
  /** @default true */
  readonly start: boolean;
  readonly lease: boolean;
}

const DRIVER = v.picklist(['raw', 'json', 'none'], 'raw, json or none');

const logObject = v.strictObject(
  {
    driver: v.exactOptional(
      described(DRIVER, 'raw: the kernel writes it into a file; json: lines with their time and stream; none.'),
    ),
    maxSize: v.exactOptional(described(size, 'Of json: after so many bytes a new file is begun.')),
    maxFiles: v.exactOptional(described(count(1), 'Of json: how many files there are at most. Default: 5')),
  },
  'an object with driver, maxSize and maxFiles',
);

const healthObject = v.strictObject(
  {
    command: described(
      v.union([v.string(), texts], 'a command, or a line for /bin/sh -c'),
      'It exits with 0 where all is well: its words, or a line for /bin/sh -c.',
    ),
    interval: v.exactOptional(described(time, 'From the end of one check to the next. Default: 30s')),
    timeout: v.exactOptional(described(time, 'After which a check has failed. Default: 30s')),
    retries: v.exactOptional(described(count(1), 'How many checks in a row fail before it is unhealthy. Default: 3')),
    startPeriod: v.exactOptional(
      described(time, 'From the start: checks that fail meanwhile do not count. Default: 0'),
    ),
    onFailure: v.exactOptional(
      described(
        v.picklist(['none', 'kill', 'restart'], 'none, kill or restart'),
        'What becomes of one that is unhealthy. Default: none',
      ),
    ),
  },
  'an object with command, interval, timeout, retries, startPeriod and onFailure',
);

const restartObject = v.strictObject(
  {
    name: v.picklist(['no', 'on-failure', 'always', 'unless-stopped'], 'no, on-failure, always or unless-stopped'),
    maxRetries: v.exactOptional(count(1)),
  },
  'an object with name and maxRetries',
);

/** What a request has besides what a container is made of. */
const SUPERVISION_SHAPES = {
  timeout: described(time, 'Ends each of its runs after this time.'),
  stopSignal: described(text, 'What it is asked to end with. Default: SIGTERM'),
  gracePeriod: described(time, 'From that signal to the kill. Default: 10s'),
  restart: described(
    v.union([v.string(), restartObject], 'no, on-failure, on-failure:TIMES, always or unless-stopped'),
    'When it is started again: no, on-failure, on-failure:TIMES, always, unless-stopped; or an object. Default: no',
  ),
  log: described(v.union([DRIVER, logObject], 'raw, json, none, or an object'), 'Where its output goes. Default: raw'),
  health: described(healthObject, 'A command that sees whether it does its work.'),
  interactive: described(flag, 'Its standard input stays open, for those who attach. Default: false'),
  autoRemove: described(flag, 'It is forgotten once it has ended for good. Default: false'),
  callerDirectory: described(
    text,
    'Where relative paths start, and its working directory, where it can see that. An absolute path. Default: /',
  ),
  callerEnv: described(recordOf(text), 'The variables of its maker, of which PATH and TERM are passed on.'),
  start: described(flag, 'Start it at once. Default: true'),
  lease: described(flag, 'It dies with this connection. Default: false'),
};

const { $schema: _, dieWithParent: __, ...CONTAINER_SHAPES } = FILE_SHAPES;
const SHAPES = { ...CONTAINER_SHAPES, ...SUPERVISION_SHAPES };

/** The schema of a request to make a container. */
export const CREATE_SCHEMA = allOptional(SHAPES);

/**
 * Reads a request to make a container.
 *
 * @throws OptionError for a field that is unknown, of a wrong type or out of range
 */
export function readCreateBody(body: unknown): CreateRequest {
  const fields = parseShape(CREATE_SCHEMA as v.GenericSchema<unknown, CreateFields>, body, Object.keys(SHAPES));
  const { callerDirectory, callerEnv, start, lease, restart, log, health, interactive, autoRemove, ...rest } = fields;
  if (callerDirectory?.startsWith('/') === false)
    throw new OptionError('callerDirectory', callerDirectory, 'an absolute path');
  const { command = [], options } = readOptionsFile(rest, callerDirectory ?? '/');
  if (command.length === 0) throw new OptionError('command', command, 'a program and its arguments');
  const { timeout, stopSignal, gracePeriod, ...container } = options;
  checkEnding(defined({ timeout, stopSignal, gracePeriod }));
  const supervision = readSupervision(
    defined({
      restart: typeof restart === 'object' ? formatRestartPolicy(restart) : restart,
      log: typeof log === 'string' ? { driver: log } : log,
      health,
      timeout,
      stopSignal,
      gracePeriod,
      interactive,
      autoRemove,
    }),
  );
  return {
    options: {
      command,
      container,
      supervision: lease === true ? { ...supervision, leased: true } : supervision,
      ...defined({ callerDirectory, callerEnv }),
    },
    start: start ?? true,
    lease: lease ?? false,
  };
}

interface CreateFields {
  readonly callerDirectory?: string;
  readonly callerEnv?: Readonly<Record<string, string>>;
  readonly start?: boolean;
  readonly lease?: boolean;
  readonly restart?: string | RestartPolicy;
  readonly log?: LogPolicy['driver'] | LogOptions;
  readonly health?: HealthOptions;
  readonly interactive?: boolean;
  readonly autoRemove?: boolean;
}
