import { appendFileSync } from 'node:fs';
import { printErr } from '../cli/print.js';

export type LogFormat = 'text' | 'json';

interface LogOptions {
  /** Absent: standard error. */
  readonly file?: string | undefined;
  readonly format: LogFormat;
  readonly debug: boolean;
}

/** The log that engines read: a line for each thing, in the form of runc's. */
export class Log {
  readonly #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** Notes why all has failed; engines show it to their users. Standard error has it in any case. */
  fail(text: string): void {
    if (this.#options.file !== undefined) {
      printErr(`${text}\n`);
      this.#write('error', text);
    } else if (this.#options.format === 'json') this.#write('error', text);
    else printErr(`corral-oci: ${text}\n`);
  }

  warn(text: string): void {
    this.#write('warning', text);
  }

  debug(text: string): void {
    if (this.#options.debug) this.#write('debug', text);
  }

  #write(level: string, msg: string): void {
    const time = new Date().toISOString();
    const line =
      this.#options.format === 'json'
        ? JSON.stringify({ level, msg, time })
        : `time=${JSON.stringify(time)} level=${level} msg=${JSON.stringify(msg)}`;
    const { file } = this.#options;
    if (file === undefined) printErr(`${line}\n`);
    else append(file, line);
  }
}

// A full disk keeps nobody from ending a container.
function append(file: string, line: string): void {
  try {
    appendFileSync(file, `${line}\n`, { mode: 0o644 });
  } catch (error) {
    printErr(`${line}\ncorral-oci: log: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
