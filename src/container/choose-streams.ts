import type { Process } from '../spec/types.js';
import type { UndoStack } from '../util/undo.js';
import {
  type ChosenStreams,
  type OpenedStreams,
  type StreamOptions,
  type StreamOwner,
  openStreams,
} from './streams.js';

/** Opens what was chosen. */
export type OpenStreams = (owner: StreamOwner | undefined, undo: UndoStack) => OpenedStreams;

/**
 * Chooses what a process has: three streams, or the terminal that takes their place.
 *
 * @param choose - says more of them when it is known whose they are to be; not asked where there is a terminal
 * @returns what opens them
 * @throws OptionError for a stream beside a terminal
 */
export async function chooseStreams(
  options: StreamOptions,
  process: Process,
  choose?: (owner: StreamOwner | undefined) => ChosenStreams,
): Promise<OpenStreams> {
  if (process.terminal !== true)
    return (owner, undo) => openStreams(choose === undefined ? options : { ...options, ...choose(owner) }, owner, undo);
  const { terminalStreams } = await import('./terminal-streams.js');
  const streams = terminalStreams(options, process);
  return () => streams;
}
