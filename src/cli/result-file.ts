import { closeSync, openSync, writeSync } from 'node:fs';
import { isContainerError } from '../errors/container-error.js';
import { printErr } from './print.js';

/**
 * Runs a command, and writes how it ended, a failure to start it included, as one line of JSON. The file is opened before
 * anything is started: a result that cannot be written is found out in time.
 *
 * @param path - `-` is standard error; absent: the result is for nobody
 */
export async function writeResult<Result extends object>(
  path: string | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  const file = openResultFile(path);
  const result = await run().catch((error: unknown) => {
    file.write({ error: isContainerError(error) ? error.toJSON() : { message: String(error) } });
    throw error;
  });
  file.write(result);
  return result;
}

interface ResultFile {
  /** Writes it as one line of JSON. */
  readonly write: (result: object) => void;
}

function openResultFile(path: string | undefined): ResultFile {
  if (path === undefined) return { write: () => undefined };
  if (path === '-') return { write: (result) => printErr(formatResult(result)) };
  const fd = openSync(path, 'w');
  return {
    write: (result) => {
      writeSync(fd, formatResult(result));
      closeSync(fd);
    },
  };
}

function formatResult(result: object): string {
  return `${JSON.stringify(result)}\n`;
}
