import { closeSync, openSync, writeSync } from 'node:fs';
import { isContainerError } from '../errors/container-error.js';
import { printErr } from './print.js';

/** Where the `--result` of a command goes. */
export interface ResultFile {
  /** Writes it as one line of JSON. */
  readonly write: (result: object) => void;
}

/**
 * Opens the file of a `--result` flag, before anything is started: a result that cannot be written is found out in time.
 *
 * @param path - `-` is standard error; absent: the result is for nobody
 */
export function openResultFile(path: string | undefined): ResultFile {
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

/** Runs a command whose end goes into a result file, a failure to start it included. */
export async function writeResult<Result extends object>(
  path: string | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  const file = openResultFile(path);
  try {
    const result = await run();
    file.write(result);
    return result;
  } catch (error) {
    file.write({ error: isContainerError(error) ? error.toJSON() : { message: String(error) } });
    throw error;
  }
}

function formatResult(result: object): string {
  return `${JSON.stringify(result)}\n`;
}
