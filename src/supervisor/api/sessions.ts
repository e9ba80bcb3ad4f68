import { randomBytes } from 'node:crypto';
import { ContainerError } from '../../errors/container-error.js';
import type { TerminalSize } from '../../spec/options.js';
import type { Caller } from './caller.js';

/** What can be done with the other end of an exec or an attachment while its connection is open. */
export interface Session {
  readonly resize: (size: TerminalSize) => void;
  /** Of an exec only. */
  readonly process?: {
    readonly signal: (signal: string | number) => boolean | Promise<boolean>;
    /** Ends it as its options say: the `signal` of the library. */
    readonly abort: () => void;
    readonly kill: () => Promise<unknown>;
  };
}

/** The sessions that are open, by ids that nobody guesses. */
export class Sessions {
  readonly #open = new Map<string, { readonly caller: string; readonly session: Session }>();

  /** Adds one. It can be found by whoever has opened it. */
  open(caller: Caller, session: Session): { readonly id: string } & Disposable {
    const id = randomBytes(12).toString('hex');
    this.#open.set(id, { caller: caller.key, session });
    return {
      id,
      [Symbol.dispose]: () => {
        this.#open.delete(id);
      },
    };
  }

  /** @throws NotFoundError's kin for an id that is none, or somebody else's */
  find(caller: Caller, id: string): Session {
    const found = this.#open.get(id);
    if (found === undefined || (caller.confined !== undefined && found.caller !== caller.key)) throw noSession(id);
    return found.session;
  }

  /** The same for what a process is behind. */
  findProcess(caller: Caller, id: string): NonNullable<Session['process']> {
    const { process } = this.find(caller, id);
    if (process === undefined) throw noSession(id);
    return process;
  }
}

function noSession(id: string): ContainerError {
  return new ContainerError(`session ${JSON.stringify(id)} does not exist`, 'ERR_NOT_FOUND');
}
