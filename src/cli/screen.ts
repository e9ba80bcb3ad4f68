import { isatty } from 'node:tty';
import { CODES } from './control-codes.js';
import { printOut } from './print.js';

/** How large a terminal is, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What a screen tells of. */
export interface ScreenEvents {
  /** `q` or Ctrl-C was typed, or a signal asks for the end. */
  readonly onQuit: () => void;
  /** The terminal has another size, or has to be drawn anew. */
  readonly onResize: () => void;
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A terminal that is drawn anew again and again, beside what was on it: when it is disposed of, that is there again. For a
 * terminal as standard output.
 */
export class Screen implements Disposable {
  readonly #events: ScreenEvents;
  /** Keys come one by one, unless standard input is something else. */
  readonly #hasKeys = isatty(0);
  #endedBy: NodeJS.Signals | undefined;
  /** The terminal is somebody else's for now. */
  #isSuspended = false;

  constructor(events: ScreenEvents) {
    this.#events = events;
    this.#enter();
    process.stdout.on('resize', this.#onResize);
    if (this.#hasKeys) process.stdin.on('data', this.#onKeys);
    for (const signal of ENDING) process.on(signal, this.#onSignal);
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    // A terminal that does not know its size says 0.
    return { columns: columns || 80, rows: rows || 24 };
  }

  /** Shows these lines, as many as there is room for. They must not be wider than the screen. */
  draw(lines: readonly string[]): void {
    if (this.#isSuspended) return;
    const shown = lines.slice(0, this.size.rows).map((line) => line + CODES.clearLine);
    printOut(`${CODES.beginUpdate}${CODES.home}${shown.join('\r\n')}${CODES.clearBelow}${CODES.endUpdate}`);
  }

  /** Restores the terminal. A signal that has asked for the end then ends this process. */
  [Symbol.dispose](): void {
    process.stdout.off('resize', this.#onResize);
    process.stdin.off('data', this.#onKeys);
    for (const signal of ENDING) process.off(signal, this.#onSignal);
    this.#leave();
    if (this.#endedBy !== undefined) process.kill(process.pid, this.#endedBy);
  }

  #enter(): void {
    if (this.#hasKeys) process.stdin.setRawMode(true).resume();
    printOut(CODES.alternateScreen);
  }

  #leave(): void {
    printOut(CODES.usualScreen);
    if (this.#hasKeys) process.stdin.setRawMode(false).pause();
  }

  readonly #onResize = (): void => {
    this.#events.onResize();
  };

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // Ctrl-C, where it is not a key.
    if (signal !== 'SIGINT') this.#endedBy = signal;
    this.#events.onQuit();
  };

  readonly #onKeys = (keys: Buffer): void => {
    for (const key of String(keys)) this.#onKey(key);
  };

  #onKey(key: string): void {
    if (key === 'q' || key === 'Q' || key === CTRL_C) this.#events.onQuit();
    else if (key === CTRL_Z) this.#suspend();
    else if (key === CTRL_L) this.#events.onResize();
  }

  // In raw mode it is a key, and what it does elsewhere has to be done here.
  #suspend(): void {
    this.#leave();
    // The stop takes a moment to arrive, and what is drawn in it would be drawn over the shell's lines.
    this.#isSuspended = true;
    process.once('SIGCONT', () => {
      this.#isSuspended = false;
      this.#enter();
      this.#events.onResize();
    });
    process.kill(process.pid, 'SIGTSTP');
  }
}

const CTRL_C = '\u0003';
const CTRL_L = '\u000c';
const CTRL_Z = '\u001a';
