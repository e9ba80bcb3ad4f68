import { closeSync, fstatSync, openSync } from 'node:fs';

/**
 * Before this process exits, lets go of standard streams whose terminal has been hung up by then: /dev/null takes their place.
 *
 * Node puts terminals back into their mode when it exits, and takes it for a bug of its own, with an abort and a core file,
 * when one of them does not answer any more.
 */
export async function expectDeadTerminals(): Promise<void> {
  // Not at the top of this file: that the native part is missing is to be reported, and not a failure to load the program.
  const { CallerTerminal } = await import('../container/caller-terminal.js');
  process.once('exit', () => {
    leaveDeadTerminals((fd) => CallerTerminal.on(fd) !== undefined);
  });
}

function leaveDeadTerminals(isTerminal: (fd: number) => boolean): void {
  for (const fd of [0, 1, 2]) {
    if (!isDead(fd, isTerminal)) continue;
    closeSync(fd);
    openSync('/dev/null', 'r+'); // gets the number that is free
  }
}

// A device that is no terminal (any more). That may also be /dev/null itself.
function isDead(fd: number, isTerminal: (fd: number) => boolean): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && !isTerminal(fd);
  } catch {
    return false; // closed: nothing to put back
  }
}
