import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { ExecOptions } from '../container/exec.js';
import type { ProcessResult } from '../container/result.js';
import type { Client } from '../supervisor/client/client.js';
import type { SupervisedExec } from '../supervisor/exec.js';

/** A command that runs in a container, wherever that is. */
export type StartedExec = Pick<SupervisedExec, 'terminal' | 'signal' | 'kill' | 'exited' | 'notes'>;

/**
 * Runs a command in a container of a supervisor's that this process cannot reach but by its socket: what would be inherited goes
 * through this process.
 *
 * @throws as {@link Client.exec} does
 */
export async function execElsewhere(
  client: Client,
  id: string,
  { command, ...options }: ExecOptions & { readonly command: readonly string[] },
): Promise<StartedExec> {
  const { stdin, stdout, stderr, ...rest } = options;
  const hasInput = stdin === 'inherit';
  const streams = rest.terminal === undefined ? { stdin: hasInput ? ('pipe' as const) : ('ignore' as const) } : {};
  const started = await client.exec(id, command, { ...rest, ...streams });
  if (started.terminal !== null) return started;
  if (hasInput && started.stdin !== null) process.stdin.pipe(started.stdin);
  const shown = [show(started.stdout, process.stdout), show(started.stderr, process.stderr)];
  const exited = started.exited.finally(() => {
    // It would keep this process, which waits for nothing else.
    if (hasInput) process.stdin.unpipe().pause();
  });
  return {
    terminal: null,
    notes: started.notes,
    signal: (signal) => started.signal(signal),
    kill: () => started.kill(),
    exited: Promise.all([exited, ...shown]).then(([result]): ProcessResult => result),
  };
}

// Nobody may read on: that ends the command by its connection, and is no failure of this one.
async function show(source: Readable | null, target: NodeJS.WriteStream): Promise<void> {
  if (source === null) return;
  source.pipe(target, { end: false });
  await finished(source).catch(() => undefined);
}
