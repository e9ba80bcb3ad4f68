import { OptionError } from '../../errors/option-error.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import type { LogPolicy } from '../types.js';
import { readJsonLog } from './read-json.js';
import { readRawLog } from './read-raw.js';
import { createReading } from './reading.js';
import type { LogLine, LogQuery } from './types.js';

/**
 * Reads the log of a container, of any of its runs. Any number may read it, in this process and others, while it is written.
 *
 * @param directory - of the container
 * @param how - `over`: aborted once nothing more will be written ({@link ContainerLog.finish} has returned, and the container is not
 *   to be started again): what follows the log then reads to its end. Where the directory goes, it ends too.
 * @returns the lines; each holds a descriptor while it is iterated over
 * @throws OptionError for a query that makes no sense, or that a raw log cannot answer; UnsupportedError where there is no log
 */
export function readLog(
  directory: string,
  { driver }: Pick<LogPolicy, 'driver'>,
  query: LogQuery = {},
  { over }: { readonly over?: AbortSignal | undefined } = {},
): AsyncIterable<LogLine> {
  checkQuery(query);
  switch (driver) {
    case 'raw':
      checkRawQuery(query);
      return readRawLog(directory, createReading(query, over));
    case 'json':
      return readJsonLog(directory, createReading(query, over));
    case 'none':
      throw new UnsupportedError('reading a log', 'a container that keeps one', { hint: HINT });
  }
}

const HINT = 'make the container with --log-driver json';

function checkQuery({ tail, since, until }: LogQuery): void {
  if (tail !== undefined && (!Number.isSafeInteger(tail) || tail < 0)) {
    throw new OptionError('tail', tail, 'a number of lines');
  }
  for (const [name, time] of Object.entries({ since, until })) {
    if (time !== undefined && !Number.isFinite(time))
      throw new OptionError(name, time, 'a time, in milliseconds since 1970');
  }
}

function checkRawQuery({ since, until }: LogQuery): void {
  for (const [name, time] of Object.entries({ since, until })) {
    if (time !== undefined)
      throw new OptionError(name, time, 'known to a raw log, which keeps no times', { hint: HINT });
  }
}
