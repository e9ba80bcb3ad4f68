import { closeSync, fstatSync, openSync } from 'node:fs';
import { CallerTerminal } from '../container/caller-terminal.js';

/**
 * Before this process exits, lets go of standard streams whose terminal has been hung up by then: /dev/null takes their place.
 *
 * Node puts terminals back into their mode when it exits, and takes it for a bug of its own, with an abort and a core file,
 * when one of them does not answer any more.
 */
export function expectDeadTerminals(): void {
  process.once('exit', leaveDeadTerminals);
}

function leaveDeadTerminals(): void {
  for (const fd of [0, 1, 2]) {
    if (!isDead(fd)) continue;
    closeSync(fd);
    openSync('/dev/null', 'r+'); // gets the number that is free
  }
}

// A device that is no terminal (any more). That may also be /dev/null itself.
function isDead(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && CallerTerminal.on(fd) === undefined;
  } catch {
    return false; // closed: nothing to put back
  }
}
