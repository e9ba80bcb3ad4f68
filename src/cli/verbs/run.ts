import type { Container } from '../../container/container.js';
import type { ContainerResult } from '../../container/result.js';
import { formatDuration } from '../../util/duration.js';
import { formatSize, parseSize } from '../../util/size.js';
import { EXIT_HELP, exitCodeOf } from '../exit-codes.js';
import { startWithCidFile } from '../cid-file.js';
import { type AttendOptions, attend, chooseConnections } from '../foreground.js';
import { takeDetachFlags } from '../flags/detach.js';
import { RUN_FLAGS, type RunFlags } from '../flags/run.js';
import { readLaunchOptions } from '../launch-options.js';
import { withProgress } from '../progress.js';
import { printNote, printProblem } from '../report-error.js';
import { writeResult } from '../result-file.js';
import type { Verb, VerbCall, VerbContext } from '../verb.js';

const NOTES = `Signals are handed on to the command; the third SIGINT or SIGTERM kills the
container. When the command ends, everything that it has started is killed.

${EXIT_HELP}`;

/** `corral run` */
export const run: Verb = {
  operands: '[command...]',
  description: 'Runs a command in a new container, and waits for its end. Flags come before COMMAND.',
  flags: RUN_FLAGS,
  takesCommand: true,
  runs: true,
  notes: NOTES,
  examples: [
    ['corral run -v .:/work -w /work -- make test', 'the working directory, and nothing else, can be changed'],
    ['corral run -m 256M --cpus 1.5 --pids-limit 64 --timeout 10s ./untrusted', 'with limits'],
    ['corral run -it --name play bash', 'a shell on a terminal'],
    ['echo 1 + 1 | corral run -i --net none -u nobody bc', 'input, no network, another user'],
    ['corral run -f corral.json -m 1G', 'what the file says, and a memory limit'],
    ['corral run -d --name web --restart always nginx -g "daemon off;"', 'a service that stays'],
    ['corral run --isolation cgroup --result - make -j8', 'no isolation: only what it used, and a sure end'],
  ],
  act: runCommand,
};

async function runCommand(call: VerbCall<RunFlags>): Promise<number> {
  const { operands, context } = call;
  const { detach, rest } = takeDetachFlags(call.options);
  if (Object.keys(detach).some((flag) => flag !== 'autoRemove')) {
    const { runDetached } = await import('../detached.js');
    return runDetached(call);
  }
  const { interactive, quiet = false, result: resultPath, cidfile, ...flags } = rest;
  const { command, options: asked, blame } = await readLaunchOptions(operands, flags, 'run');
  const { terminal, ...container } = asked;
  if (container.api === true) await startSupervisor(context);
  const [{ spawn }, { streams, relay }] = await Promise.all([
    import('../../container/spawn.js'),
    chooseConnections({ interactive, terminal }),
  ]);
  const start = async (): Promise<Container> => {
    const starting = spawn(command, {
      ...container,
      ...(context.stateDir === undefined ? {} : { stateDir: context.stateDir }),
      ...streams,
    });
    const say = (elapsedMs: number): string =>
      `starting ${container.name ?? command[0] ?? ''}, for ${formatDuration(elapsedMs)}`;
    const started = await withProgress({ quiet }, say, () => starting).catch((error: unknown) => {
      throw blame(error);
    });
    if (!quiet) started.notes.forEach(printNote);
    return started;
  };
  const startNamed = (): Promise<Container> => startWithCidFile(cidfile, start);
  const result = await writeResult(resultPath, () => attendContainer(startNamed, { killAt: KILL_AT, quiet, relay }));
  if (result.oomKilled && !quiet) {
    printProblem(`${result.id} ran out of memory${describeMemory(container.memory, result)}`);
  }
  return exitCodeOf(result);
}

// Somebody has to be behind the socket; in a container that was given one, somebody is. Where a supervisor runs already, the new
// one finds that out.
async function startSupervisor(context: VerbContext): Promise<void> {
  const [{ startSupervisor: start }, { findSocket }] = await Promise.all([
    import('../../supervisor/client/start-supervisor.js'),
    import('../../supervisor/client/find-socket.js'),
  ]);
  if (!findSocket(context, process.geteuid?.() ?? 0, process.env).isGiven) await start(context);
}

/** The third asks for a kill, as with podman. */
const KILL_AT = 3;

async function attendContainer(
  start: () => Promise<Container>,
  options: AttendOptions,
): Promise<ContainerResult & { readonly id: string; readonly notes: readonly string[] }> {
  let container: Container | undefined;
  const starting = async (): Promise<Container> => (container = await start());
  const result = await attend<ContainerResult, Container>(starting, options);
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
