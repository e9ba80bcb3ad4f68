import { isContainerError } from '../errors/container-error.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import type { Fd } from '../native/fd.js';
import type { Pidfd } from '../native/pidfd.js';
import { KEPT } from '../plan/kept.js';
import { keepsInput } from '../spec/annotations.js';
import type { Spec } from '../spec/types.js';
import { SIGNALS } from '../util/signals.js';
import type { MainProcess } from './main-process.js';
import { type NodeStreams, toInput } from './streams.js';
import { Terminal } from './terminal.js';

/** What a new owner has of the streams of a container, and what it could not have, in words. */
export interface TakenStreams {
  readonly streams: NodeStreams;
  readonly notes: readonly string[];
}

/** Of a container whose init keeps nothing, or that has ended. */
export const NO_STREAMS: TakenStreams = {
  streams: { stdin: null, stdout: null, stderr: null, terminal: null, finish: () => undefined },
  notes: [],
};

/**
 * Takes over what the init of a container has kept for whoever comes after its owner.
 *
 * @param pidfd - of the init
 * @see pidfd_getfd(2): the caller must be allowed to trace it
 */
export function takeStreams(pidfd: Pidfd, spec: Spec): TakenStreams {
  const notes: string[] = [];
  const take = (what: keyof typeof WORDS): Fd | undefined => {
    try {
      return pidfd.takeFd(KEPT[what].number);
    } catch (error) {
      if (!isContainerError(error)) throw error;
      // It was not kept, as was said when the container was started; or the container has ended this moment.
      if (error.code !== 'EBADF' && error.code !== 'ESRCH') notes.push(`its ${WORDS[what]} is lost: ${error.message}`);
      return undefined;
    }
  };
  const terminal = spec.process.terminal === true ? openTerminal(take('terminal')) : null;
  const input = keepsInput(spec) ? take('input') : undefined;
  const stdin = input === undefined ? null : toInput(input);
  const finish = (): void => {
    terminal?.finish();
    stdin?.destroy();
  };
  return { streams: { ...NO_STREAMS.streams, stdin, terminal, finish }, notes };
}

const WORDS = { terminal: 'terminal', input: 'standard input' } as const;

function openTerminal(master: Fd | undefined): Terminal | null {
  if (master === undefined) return null;
  try {
    const { number } = master;
    return new Terminal(
      master,
      call('read size of terminal', () => addon.getWindowSize({ fd: number })),
    );
  } catch (error) {
    master.close();
    throw error;
  }
}

/** How often an init is looked at that may wait for a reader whom there is not. */
const LOOK_MS = 500;

/**
 * Ends an init whose terminal nobody can read, once the command has ended: it would wait for a reader.
 *
 * @param main - of a container of which something could not be taken over
 */
export function watchUnread(main: MainProcess): void {
  const timer = setInterval(() => {
    if (main.readReport()?.phase === 'exited') main.signal(SIGNALS.SIGKILL);
  }, LOOK_MS);
  const stop = (): void => {
    clearInterval(timer);
  };
  main.exit.then(stop, stop);
}
