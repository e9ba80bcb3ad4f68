import type { Process } from '../spec/types.js';
import type { UndoStack } from '../util/undo.js';
import { type OpenedStreams, type StreamOptions, type StreamOwner, openStreams } from './streams.js';

/** Opens what was chosen. */
export type OpenStreams = (owner: StreamOwner | undefined, undo: UndoStack) => OpenedStreams;

/**
 * Chooses what a process has: three streams, or the terminal that takes their place.
 *
 * @returns what opens them
 * @throws OptionError for a stream beside a terminal
 */
export async function chooseStreams(options: StreamOptions, process: Process): Promise<OpenStreams> {
  if (process.terminal !== true) return (owner, undo) => openStreams(options, owner, undo);
  const { terminalStreams } = await import('./terminal-streams.js');
  const streams = terminalStreams(options, process);
  return () => streams;
}
