import { isContainerError } from '../errors/container-error.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import type { TerminalSize } from '../spec/options.js';

/**
 * The terminal that this process itself was started on, by one of its descriptors, which stays the caller's.
 *
 * It is shared with the shell, so it is left as it was found, and touched only in the foreground.
 */
export class CallerTerminal {
  readonly #fd: number;
  /** What to go back to; `undefined` while the terminal is as it was found. */
  #found: Uint8Array | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Returns the terminal behind a descriptor; `undefined` where there is none, or none any more. */
  static on(fd: number): CallerTerminal | undefined {
    return isTerminal(fd) ? new CallerTerminal(fd) : undefined;
  }

  /** Returns its size; `undefined` where it has none (a serial line) or is gone. */
  size(): TerminalSize | undefined {
    try {
      const size = addon.getWindowSize({ fd: this.#fd });
      return size.columns > 0 && size.rows > 0 ? size : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Has every key handed over as it is, Ctrl-C too, and everything written shown as it is. A process in the background is
   * stopped first (SIGTTOU) until it is in the foreground.
   *
   * @throws SyscallError EIO where there is no more foreground to come to
   */
  makeRaw(): void {
    this.#found ??= call('read mode of terminal', () => addon.getTerminalMode({ fd: this.#fd }));
    this.#set(this.#found, true);
  }

  /** Has it raw again, in the foreground, after somebody else (a shell, while this process was stopped) has had it. */
  makeRawAgain(): void {
    if (this.#isOurs()) this.makeRaw();
  }

  /** Leaves it as it was found. In the background it is the shell's again already, and one that is gone needs nothing. */
  restore(): void {
    const found = this.#found;
    this.#found = undefined;
    if (found === undefined || !this.#isOurs()) return;
    try {
      this.#set(found, false);
    } catch (error) {
      if (!isContainerError(error) || error.code !== 'EIO') throw error;
    }
  }

  #set(mode: Uint8Array, raw: boolean): void {
    call('set mode of terminal', () => {
      addon.setTerminalMode({ fd: this.#fd, mode, raw });
    });
  }

  /** @returns `false` also where the terminal is gone */
  #isOurs(): boolean {
    return addon.isInForeground({ fd: this.#fd });
  }
}

// Node's own isatty() comes with its sockets and streams, and 5 ms to load them.
function isTerminal(fd: number): boolean {
  try {
    addon.getTerminalMode({ fd });
    return true;
  } catch {
    return false;
  }
}
