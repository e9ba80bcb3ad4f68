import type { Container } from '../../container/container.js';
import type { ContainerResult } from '../../container/result.js';
import type { ContainerOptions } from '../../spec/options.js';
import { formatSize, parseSize } from '../../util/size.js';
import { EXIT_HELP, exitCodeOf } from '../exit-codes.js';
import { attend } from '../foreground.js';
import { CONTAINER_FLAGS } from '../flags/container.js';
import { FOREGROUND_FLAGS, type ForegroundOptions } from '../flags/foreground.js';
import { printNote, printProblem } from '../report-error.js';
import { writeResult } from '../result-file.js';
import type { Verb, VerbCall } from '../verb.js';

/** What `corral run` takes. */
export interface RunFlags extends ContainerOptions, ForegroundOptions {
  readonly quiet?: true;
}

/** The flags of {@link RunFlags}. */
export const RUN_FLAGS = {
  ...CONTAINER_FLAGS,
  ...FOREGROUND_FLAGS,
  quiet: {
    flags: '-q, --quiet',
    help: 'do not say what this host cannot give in full',
    group: 'While it runs',
    value: true,
  },
} as const;

const NOTES = `Signals are handed on to the command; the third SIGINT or SIGTERM kills the container.
When the command ends, everything that it has started is killed.

${EXIT_HELP}`;

/** `corral run` */
export const run: Verb = {
  operands: '<command...>',
  description: 'Runs a command in a new container, and waits for its end. Flags come before COMMAND.',
  flags: RUN_FLAGS,
  takesCommand: true,
  runs: true,
  notes: NOTES,
  examples: [
    ['corral run -v .:/work -w /work -- make test', 'the working directory, and nothing else, can be changed'],
    ['corral run -m 256M --cpus 1.5 --pids-limit 64 --timeout 10s ./untrusted', 'with limits'],
    ['echo 1 + 1 | corral run -i --net none -u nobody bc', 'input, no network, another user'],
    ['corral run --isolation cgroup --result - make -j8', 'no isolation: only what it used, and a sure end'],
  ],
  act: runCommand,
};

async function runCommand({ operands, options, context }: VerbCall<RunFlags>): Promise<number> {
  const { interactive, quiet, result: resultPath, ...rest } = options;
  const { spawn } = await import('../../container/spawn.js');
  const start = async (): Promise<Container> => {
    const container = await spawn(operands, {
      ...rest,
      ...(context.stateDir === undefined ? {} : { stateDir: context.stateDir }),
      stdin: interactive === true ? 'inherit' : 'ignore',
      stdout: 'inherit',
      stderr: 'inherit',
    });
    if (quiet !== true) container.notes.forEach(printNote);
    return container;
  };
  const result = await writeResult(resultPath, () => attendContainer(start));
  if (result.oomKilled) printProblem(`${result.id} ran out of memory${describeMemory(rest.memory, result)}`);
  return exitCodeOf(result);
}

/** The third asks for a kill, as with podman. */
const KILL_AT = 3;

async function attendContainer(
  start: () => Promise<Container>,
): Promise<ContainerResult & { readonly id: string; readonly notes: readonly string[] }> {
  let container: Container | undefined;
  const result = await attend<ContainerResult, Container>(async () => (container = await start()), KILL_AT);
  return { id: container?.id ?? '', ...result, notes: container?.notes ?? [] };
}

function describeMemory(limit: number | string | undefined, { usage }: ContainerResult): string {
  const limitBytes = typeof limit === 'string' ? parseSize(limit) : limit;
  const parts = [
    limitBytes === undefined ? '' : `limit ${formatSize(limitBytes)}`,
    usage.memoryPeakBytes === undefined ? '' : `peak ${formatSize(usage.memoryPeakBytes)}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
