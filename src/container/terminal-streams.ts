import { OptionError } from '../errors/option-error.js';
import { DEFAULT_SIZE } from '../spec/parse/terminal.js';
import type { Process } from '../spec/types.js';
import type { OpenedStreams, StreamOptions } from './streams.js';
import { Terminal } from './terminal.js';

/**
 * The streams of a process that has a terminal: none. The terminal is opened by the process itself, and its master arrives
 * with the launch.
 *
 * @throws OptionError for a stream that was asked for all the same
 */
export function terminalStreams(options: StreamOptions, { consoleSize }: Process): OpenedStreams {
  for (const name of ['stdin', 'stdout', 'stderr'] as const) {
    if (options[name] !== undefined) throw new OptionError(name, options[name], 'possible with terminal');
  }
  const size = consoleSize === undefined ? DEFAULT_SIZE : { columns: consoleSize.width, rows: consoleSize.height };
  return {
    // The plan has no slots for them.
    child: { stdin: -1, stdout: -1, stderr: -1 },
    toNode: (master) => {
      if (master === undefined) throw new Error('the process opened no terminal');
      const terminal = new Terminal(master, size);
      return {
        stdin: null,
        stdout: null,
        stderr: null,
        terminal,
        finish: () => {
          terminal.finish();
        },
      };
    },
  };
}
