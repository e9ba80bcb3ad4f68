import type { Readable } from 'node:stream';
import { OptionError } from '../errors/option-error.js';
import type { ContainerResult } from './result.js';
import { type SpawnOptions, spawn } from './spawn.js';

/** Everything that {@link run} takes. */
export interface RunOptions extends Omit<SpawnOptions, 'stdin'> {
  /** What the command reads from its standard input. Not possible with `terminal`, which has no end. @default nothing */
  readonly input?: string | Uint8Array;
  /** Bytes kept of each output stream; what goes beyond is read and dropped. @default 64 MiB */
  readonly maxOutputBytes?: number;
}

/** How a command ended, and what it said. */
export interface RunResult extends ContainerResult {
  /** Its standard output as UTF-8 text, or what its terminal showed; empty when `stdout` is no pipe. */
  readonly stdout: string;
  readonly stderr: string;
  /** Something of the output was dropped for its length. */
  readonly outputTruncated: boolean;
}

const DEFAULT_MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs a command in a container to its end. A non-zero exit, a signal, a timeout and an abort are values of the result, not
 * exceptions.
 *
 * @throws as {@link spawn} does, when the command could not be started
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { input, maxOutputBytes = DEFAULT_MAX_OUTPUT, ...rest } = options;
  if (!Number.isSafeInteger(maxOutputBytes) || maxOutputBytes < 0) {
    throw new OptionError('maxOutputBytes', maxOutputBytes, 'a number of bytes');
  }
  await using container = await spawn(command, { ...rest, ...chooseStdin(input, rest.terminal) });
  const outputs = [
    collect(container.terminal ?? container.stdout, maxOutputBytes),
    collect(container.stderr, maxOutputBytes),
  ] as const;
  // A command need not read all its input: EPIPE is its business, not the caller's.
  container.stdin?.on('error', () => undefined);
  container.stdin?.end(input);
  const result = await container.exited;
  const [stdout, stderr] = await Promise.all(outputs);
  return {
    ...result,
    stdout: stdout.text,
    stderr: stderr.text,
    outputTruncated: stdout.truncated || stderr.truncated,
  };
}

function chooseStdin(
  input: RunOptions['input'],
  terminal: RunOptions['terminal'],
): { readonly stdin?: 'ignore' | 'pipe' } {
  if (terminal === undefined || terminal === false) return { stdin: input === undefined ? 'ignore' : 'pipe' };
  if (input === undefined) return {};
  throw new OptionError('input', input, 'possible with terminal: write to that of spawn()');
}

async function collect(
  stream: Readable | null,
  maxBytes: number,
): Promise<{ readonly text: string; readonly truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let truncated = false;
  for await (const chunk of stream ?? []) {
    const room = maxBytes - size;
    const kept = (chunk as Buffer).subarray(0, room);
    truncated ||= kept.length < (chunk as Buffer).length;
    size += kept.length;
    if (kept.length > 0) chunks.push(kept);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), truncated };
}
