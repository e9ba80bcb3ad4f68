import { write } from 'node:fs';
import { type Duplex, Writable } from 'node:stream';
import { CallerTerminal } from '../container/caller-terminal.js';
import type { TerminalSize } from '../spec/options.js';
import { parseSignal } from '../util/signals.js';
import { EXIT } from './exit-codes.js';
import { printErr } from './print.js';
import { formatError } from './report-error.js';
import { painter } from './style.js';
import { UsageError } from './usage-error.js';

/** The other side: a terminal that this process holds, or one that a supervisor does. */
/** A terminal of a container, wherever that is. */
export interface RelayedTerminal extends Duplex {
  resize(size: TerminalSize): void;
}

/** Connects the terminal that corral was called from with the one of a container, for as long as that has one. */
export class TerminalRelay {
  /** Whose size the container's terminal takes on; `undefined` where none of the streams is a terminal. */
  readonly #screen = CallerTerminal.on(1) ?? CallerTerminal.on(0) ?? CallerTerminal.on(2);
  /** Whose keys go to the container; absent without `-i`. */
  readonly #keyboard: CallerTerminal | undefined;
  #connected: { readonly terminal: RelayedTerminal; readonly shown: Promise<void> } | undefined;

  /**
   * @param interactive - keys go to the container, all of them
   * @throws UsageError where there are none to go
   */
  constructor(interactive: boolean) {
    this.#keyboard = interactive ? CallerTerminal.on(0) : undefined;
    if (interactive && this.#keyboard === undefined) {
      throw new UsageError(
        '--tty needs a terminal: standard input is not one',
        'leave out -t to hand input on as it is, or -i to hand none on',
      );
    }
  }

  /** Returns the size that the container's terminal is to have; `undefined` where the caller has none. */
  size(): TerminalSize | undefined {
    return this.#screen?.size();
  }

  /**
   * Shows what the container's terminal shows, and with `-i` hands it the keys.
   *
   * @throws SyscallError EIO where corral is in the background for good
   */
  connect(terminal: RelayedTerminal): void {
    this.#keyboard?.makeRaw();
    this.#connected = { terminal, shown: show(terminal) };
    process.on('SIGWINCH', this.#resize);
    process.on('SIGCONT', this.#resume);
    // Backstop for an exception that nobody caught.
    process.on('exit', this.#restore);
    this.#resize();
    if (this.#keyboard === undefined) return;
    process.on('SIGTSTP', this.#suspend);
    process.stdin.pipe(terminal, { end: false });
    // A terminal has no end but a hang-up, which is passed on.
    for (const event of ['end', 'error', 'close']) process.stdin.on(event, this.#hangUp);
  }

  /** Waits until everything is shown, and leaves the caller's terminal as it was found. */
  async finish(): Promise<void> {
    if (this.#connected === undefined) return;
    const { terminal, shown } = this.#connected;
    if (this.#keyboard !== undefined) {
      for (const event of ['end', 'close']) process.stdin.off(event, this.#hangUp);
      process.stdin.unpipe(terminal).pause().unref();
    }
    for (const signal of ENDING) process.on(signal, this.#giveUp);
    await shown;
    for (const signal of ENDING) process.off(signal, this.#giveUp);
    process.off('SIGTSTP', this.#suspend).off('SIGCONT', this.#resume).off('SIGWINCH', this.#resize);
    this.#restore();
    process.off('exit', this.#restore);
  }

  /** Prints what went wrong, perhaps on the terminal that takes every character literally just now. */
  printProblem(problem: string): void {
    const text = formatError(problem, painter(2));
    const raw = this.#keyboard !== undefined && this.#connected !== undefined;
    printErr(raw ? text.replaceAll('\n', '\r\n') : text);
  }

  readonly #resize = (): void => {
    const size = this.size();
    if (size !== undefined) this.#connected?.terminal.resize(size);
  };

  // Asked to stop, from outside: typed, Ctrl-Z goes to the container. The shell is to find the terminal in order.
  readonly #suspend = (): void => {
    this.#restore();
    process.off('SIGTSTP', this.#suspend);
    process.kill(process.pid, 'SIGTSTP');
    // Here it goes on after SIGCONT; at once, where nobody could send one and the kernel does not let it stop.
    process.on('SIGTSTP', this.#suspend);
    this.#resume();
  };

  readonly #resume = (): void => {
    this.#keyboard?.makeRawAgain();
    this.#resize();
  };

  // Nothing runs any more, and the terminal does not take the rest of what was shown. process.exit() would wait for the thread
  // that is writing it: so this does by hand what else is to be done at the exit, and leaves by the signal.
  readonly #giveUp = (signal: NodeJS.Signals): void => {
    process.emit('exit', EXIT.signal + (parseSignal(signal) ?? 0));
    process.off(signal, this.#giveUp);
    process.kill(process.pid, signal);
  };

  readonly #restore = (): void => {
    this.#keyboard?.restore();
  };

  readonly #hangUp = (): void => {
    this.#connected?.terminal.destroy();
  };
}

/** Writes what a terminal shows to standard output. @returns once it is all out, or nobody wants it any more */
function show(terminal: RelayedTerminal): Promise<void> {
  const output = new Writable({
    highWaterMark: OUTPUT_BUFFER,
    write: (chunk: Buffer, _encoding, done) => {
      writeAll(chunk, done);
    },
  });
  // Hung up, it has no end.
  terminal.once('close', () => output.end());
  // Whoever runs inside gets no SIGPIPE from a terminal: without a reader, hang up.
  output.once('error', () => terminal.destroy());
  terminal.pipe(output);
  return new Promise((resolve) => {
    output.once('close', resolve);
  });
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
const OUTPUT_BUFFER = 256 * 1024;
const STDOUT = 1;
const RETRY_MS = 2;

// On a thread of the pool: a terminal that takes nothing for now must not keep corral from its signals. Never by
// process.stdout, which waits.
function writeAll(bytes: Buffer, done: (error?: Error | null) => void): void {
  write(STDOUT, bytes, (error, written) => {
    // Somebody else has made it non-blocking, and it is full.
    if (error?.code === 'EAGAIN') setTimeout(writeAll, RETRY_MS, bytes, done);
    else if (error !== null) done(error);
    else if (written < bytes.length) writeAll(bytes.subarray(written), done);
    else done();
  });
}
