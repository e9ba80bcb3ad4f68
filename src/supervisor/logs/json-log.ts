import type { LogPolicy } from '../types.js';
import { now } from '../../util/now.js';
import { LogClock } from './clock.js';
import type { ContainerLog, LogOptions, LogOwner, LogStreams } from './container-log.js';
import { encodeLines } from './encode.js';
import { JsonLogFile } from './json-file.js';
import { Pressure } from './pressure.js';
import type { Position } from './record.js';
import { Schedule } from './schedule.js';
import type { LogSource } from './source.js';
import { Spools } from './spools.js';
import { TerminalSource } from './terminal-source.js';

/** What is read at a time, for all logs of this process: they take turns. */
const SLICE = Buffer.allocUnsafeSlow(64 * 1024);

/** So long after a look there is no other one: of many short lines many are read at a time. */
const PAUSE_MS = 5;

/** So long after an error it is tried again. */
const RETRY_MS = 1000;

/** A container with a terminal has no other output. */
const NO_STREAMS: LogStreams = { stdout: 'ignore', stderr: 'ignore', close: () => undefined };

/**
 * The JSON log of a container. The container writes into pipes, the kernel moves that into spools; what is new there becomes lines of
 * the log, and each says how much of its spool is in the log. So it does not matter when this process dies: the next one goes on
 * behind the last whole line.
 */
export class JsonLog implements ContainerLog {
  readonly path: string;
  readonly #options: LogOptions;
  readonly #file: JsonLogFile;
  readonly #clock: LogClock;
  readonly #spools: Spools | undefined;
  readonly #terminal: TerminalSource | undefined;
  readonly #sources: readonly LogSource[];
  readonly #pressure: Pressure;
  readonly #schedule: Schedule;
  #lastTurn = -Infinity;
  #isFailing = false;
  #isClosed = false;
  #finished: Promise<void> | undefined;

  /** @param directory - the container's, which is there @throws SyscallError */
  constructor(directory: string, policy: LogPolicy, options: LogOptions) {
    this.#options = options;
    this.#file = new JsonLogFile(directory, policy);
    this.path = this.#file.path;
    this.#clock = new LogClock(this.#file.lastTime);
    this.#pressure = new Pressure(options);
    this.#schedule = new Schedule(() => {
      this.#run();
    });
    if (options.terminal === true) {
      this.#terminal = new TerminalSource(this.#file.positions.stdout.end);
      this.#sources = [this.#terminal];
    } else {
      this.#spools = new Spools(directory);
      this.#sources = this.#spools.all;
    }
    // What was written while nobody looked.
    this.#wake();
  }

  openStreams(owner?: LogOwner): LogStreams {
    if (this.#spools === undefined) return NO_STREAMS;
    // Whoever emptied a spool may have died before saying so: later, when it has grown again, nobody could tell.
    this.#lookAll();
    this.#rest();
    const streams = this.#spools.connect(owner);
    this.#spools.whenReady(this.#wake);
    return streams;
  }

  appendTerminal(data: Uint8Array): void {
    this.#terminal?.push(data);
    this.#run();
  }

  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  close(): void {
    this.#stop();
    this.#spools?.close();
  }

  async #finish(): Promise<void> {
    this.#stop();
    try {
      this.#lookAll();
      const error = await this.#spools?.pullAll(this.#file.positions);
      while (this.#turn({ isEnd: error === undefined })) await new Promise(setImmediate);
      if (error !== undefined) throw error as Error;
      this.#emptySpools();
      this.#spools?.removePipes();
    } finally {
      this.close();
    }
  }

  #stop(): void {
    this.#isClosed = true;
    this.#schedule.cancel();
    this.#rest();
  }

  readonly #wake = (): void => {
    if (!this.#isClosed) this.#schedule.after(this.#lastTurn + PAUSE_MS - now());
  };

  /** Does a turn, and sees to it that there is another one where it takes one. */
  #run(): void {
    if (this.#isClosed) return;
    this.#lastTurn = now();
    try {
      const { hasMore, error } = this.#spools?.pull(this.#file.positions) ?? { hasMore: false };
      const isBehind = this.#turn({ isEnd: false });
      if (error !== undefined) throw error as Error;
      this.#isFailing = false;
      if (hasMore || isBehind) this.#schedule.after(0);
      else this.#restUntilMore();
    } catch (error) {
      this.#rest();
      this.#schedule.after(RETRY_MS);
      this.#fail(error as Error);
    }
    if (this.#terminal !== undefined) this.#pressure.tell(this.#terminal.unread);
  }

  #restUntilMore(): void {
    this.#rest();
    this.#spools?.whenReady(this.#wake);
  }

  #fail(error: Error): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#options.onError?.(error);
  }

  /**
   * Puts a slice of each stream into the log.
   *
   * @returns whether there is more
   */
  #turn({ isEnd }: { readonly isEnd: boolean }): boolean {
    const looks = this.#lookAll();
    let hasMore = false;
    for (const { source, start, size } of looks) {
      if (start === size) continue;
      const bytes = source.read(start, SLICE);
      const isLast = start + bytes.length >= size;
      this.#log(source, bytes, isEnd && isLast);
      hasMore ||= !isLast;
    }
    return hasMore;
  }

  #lookAll(): readonly { readonly source: LogSource; readonly start: number; readonly size: number }[] {
    const looks = this.#sources.map((source) => ({ source, ...source.look(this.#position(source).end) }));
    for (const { source, start } of looks) {
      if (start !== this.#position(source).end) this.#moveTo(source, start);
    }
    return looks;
  }

  #log(source: LogSource, bytes: Buffer, isEnd: boolean): void {
    const { stream, unfinished } = source;
    const position = this.#position(source);
    const encoding = { stream, position, time: this.#clock.read(), unfinished: isEnd ? 'end' : unfinished } as const;
    try {
      this.#file.append(encodeLines(bytes, encoding));
    } finally {
      // After an error, too: what had room is in the log.
      const { end } = this.#position(source);
      source.release(end);
    }
  }

  #emptySpools(): void {
    for (const source of this.#sources) {
      const { end } = this.#position(source);
      if (end > 0 && source.empty(end)) this.#moveTo(source, 0);
    }
  }

  /** The next byte of a stream is at another offset than the log says. */
  #moveTo(source: LogSource, end: number): void {
    const { open } = this.#position(source);
    this.#file.reset({ ...this.#file.positions, [source.stream]: { end, open } });
  }

  #position(source: LogSource): Position {
    return this.#file.positions[source.stream];
  }

  #rest(): void {
    this.#file.rest();
    for (const source of this.#sources) source.rest();
  }
}
