import { EventQueue } from '../../container/events/queue.js';
import type { Terminal } from '../../container/terminal.js';

/** Who has so many bytes before it that it has not taken is too slow to be attached. */
const MOST_BYTES = 4 * 1024 * 1024;

interface Listener {
  readonly queue: EventQueue<{ readonly data: Uint8Array }>;
  waiting: number;
}

/** Reads a container's terminal, for its log and all who are attached. */
export class TerminalHub {
  readonly #terminal: Terminal;
  readonly #listeners = new Set<Listener>();

  /** @param onData - gets all of it */
  constructor(terminal: Terminal, onData: (data: Uint8Array) => void) {
    this.#terminal = terminal;
    terminal.on('data', (data: Buffer) => {
      onData(data);
      for (const listener of this.#listeners) this.#give(listener, data);
    });
    terminal.on('error', () => {
      this.end();
    });
  }

  get terminal(): Terminal {
    return this.#terminal;
  }

  /** Listens from now on, until the iteration ends, or the terminal does. */
  async *listen(): AsyncGenerator<{ readonly data: Uint8Array }> {
    const listener: Listener = { queue: new EventQueue(() => this.#listeners.delete(listener)), waiting: 0 };
    this.#listeners.add(listener);
    try {
      for await (const piece of listener.queue) {
        listener.waiting -= piece.data.length;
        yield piece;
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }

  /** Has the container wait with what it shows, or no longer. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#terminal.pause();
    else this.#terminal.resume();
  }

  /** Ends all who listen. */
  end(): void {
    for (const { queue } of [...this.#listeners]) queue.end();
  }

  #give(listener: Listener, data: Buffer): void {
    listener.waiting += data.length;
    if (listener.waiting <= MOST_BYTES) listener.queue.push({ data });
    else listener.queue.fail(new Error('too slow: more than 4 MiB of what the terminal shows were not taken'));
  }
}
