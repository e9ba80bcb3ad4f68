import { closeSync, writeSync } from 'node:fs';
import { join } from 'node:path/posix';
import type { ContainerLog, LogOptions, LogOwner, LogStreams } from './container-log.js';
import { toFileError } from '../file-call.js';
import { RAW } from './names.js';
import { Pressure } from './pressure.js';
import { Schedule } from './schedule.js';
import { openForAppending, openStreams } from './streams.js';

/** So long after an error it is tried again. */
const RETRY_MS = 1000;

/** A log that the container writes itself: its output is a file. Only what a terminal shows is written here. */
export class RawLog implements ContainerLog {
  readonly path: string;
  readonly #options: LogOptions;
  readonly #pressure: Pressure;
  readonly #schedule: Schedule;
  #fd: number | undefined;
  #pending: Buffer = Buffer.alloc(0);
  #isFailing = false;

  /** @param directory - the container's, which is there */
  constructor(directory: string, options: LogOptions) {
    this.path = join(directory, RAW);
    this.#options = options;
    this.#pressure = new Pressure(options);
    this.#schedule = new Schedule(() => {
      this.#run();
    });
  }

  openStreams(owner?: LogOwner): LogStreams {
    return openStreams(this.path, this.path, owner);
  }

  appendTerminal(data: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, data]);
    this.#run();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what goes wrong is to be a rejection, as of the other logs
  async finish(): Promise<void> {
    try {
      this.#write();
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#schedule.cancel();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#pending = Buffer.alloc(0);
  }

  #run(): void {
    try {
      this.#write();
      this.#isFailing = false;
    } catch (error) {
      this.#schedule.after(RETRY_MS);
      if (!this.#isFailing) this.#options.onError?.(error as Error);
      this.#isFailing = true;
    }
    this.#pressure.tell(this.#pending.length);
  }

  #write(): void {
    while (this.#pending.length > 0) {
      this.#fd ??= openForAppending(this.path);
      try {
        this.#pending = this.#pending.subarray(writeSync(this.#fd, this.#pending));
      } catch (error) {
        throw toFileError(error, `write ${this.path}`);
      }
    }
  }
}
