import { ContainerError } from '../errors/container-error.js';
import type { Process } from '../spec/types.js';

/**
 * Checks that whoever gets the terminal is there, and that there is one to get.
 *
 * @param detached - nobody stays who could relay it
 * @throws ContainerError, in the words that engines know
 */
export function checkTerminal({ terminal }: Process, consoleSocket: string | undefined, detached: boolean): void {
  const has = terminal === true;
  if (has && detached && consoleSocket === undefined)
    throw new ContainerError('cannot allocate tty if runc will detach without setting console socket', 'ERR_CONSOLE');
  if ((!has || !detached) && consoleSocket !== undefined)
    throw new ContainerError('cannot use console socket if runc will not detach or allocate tty', 'ERR_CONSOLE');
}
