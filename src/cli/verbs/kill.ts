import { OptionError } from '../../errors/option-error.js';
import { formatDuration } from '../../util/duration.js';
import { FILTER_HELP, parseFilters } from '../filter.js';
import type { Reader } from '../flags/flag.js';
import { list, signal as signalName } from '../flags/readers.js';
import { type KillReport, type SignalReport, countProcesses, formatKill } from '../kill-report.js';
import { type Outcome, forEach, outcomeToJson, outcomesExitCode, selectNames, thoseUp } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { formatProcesses } from '../process-list.js';
import { withProgress } from '../progress.js';
import { printError, printNote } from '../report-error.js';
import { UsageError } from '../usage-error.js';
import { Waiting } from '../waiting.js';
import type { Verb, VerbCall } from '../verb.js';

const execName: Reader = (value, { option }) => {
  const [, number] = /^(?:exec-)?(\d+)$/.exec(value) ?? [];
  if (number !== undefined) return `exec-${number}`;
  throw new OptionError(option, value, 'the name of an exec, such as exec-1');
};

interface KillFlags {
  readonly all?: true;
  readonly filter?: readonly string[];
  readonly exec?: string;
  readonly dryRun?: true;
  readonly signal?: string;
  readonly json?: true;
}

/** `corral kill` */
export const kill: Verb = {
  operands: '[name...]',
  names: 'known',
  description:
    'Kills containers, every process of them, whatever those do to get away, and waits until their cgroups are gone; or sends every process another signal.',
  flags: {
    all: { flags: '-a, --all', help: 'all containers of this user', group: 'Which, and how', value: true },
    filter: {
      flags: '--filter <FILTER>',
      help: 'those that fit, as with ps: label=KEY, label=KEY=VALUE, name=TEXT, status=STATUS',
      group: 'Which, and how',
      read: list,
    },
    exec: {
      flags: '--exec <EXEC>',
      help: 'only this exec of the container, with all that it started: 1 or exec-1',
      group: 'Which, and how',
      read: execName,
    },
    dryRun: { flags: '--dry-run', help: 'kill nothing: list what would die', group: 'Which, and how', value: true },
    signal: {
      flags: '-s, --signal <SIGNAL>',
      help: 'send TERM, HUP, 10 … to every process instead, and do not wait (default: KILL)',
      group: 'Which, and how',
      read: signalName,
    },
    json: { flags: '--json', help: 'as JSON', group: 'Output', value: true },
  },
  notes: `A signal other than KILL reaches every process that there is at one moment: a
container is frozen meanwhile, so that none can fork away. What is paused acts
on it when it is resumed. corral stop asks first, and kills then.

${FILTER_HELP}

Exit code:
  0  all are gone, or have got the signal
  1  one is not, or was not there; the others are killed all the same`,
  examples: [
    ['corral kill web db', 'two of them'],
    ['corral kill --filter label=job=7', 'all of a job'],
    ['corral kill --dry-run --all', 'what would die'],
    ['corral kill --signal HUP web', 'a signal to every process'],
    ['corral kill --exec 1 web', 'one exec; corral inspect --field execs web lists them'],
  ],
  act: killContainers,
};

async function killContainers({ operands, options, context }: VerbCall<KillFlags>): Promise<number> {
  const { all, filter, exec, dryRun, json } = options;
  // That one is the kill itself.
  const signal = options.signal === 'SIGKILL' ? undefined : options.signal;
  if (signal !== undefined && dryRun === true) throw new UsageError('--dry-run is about a kill', 'leave --signal out');
  if (exec !== undefined && operands.length !== 1) throw new UsageError('--exec is of one container: give one name');
  if (exec !== undefined && signal !== undefined) throw new UsageError('--exec is about a kill', 'leave --signal out');
  const fits = filter === undefined ? undefined : parseFilters(filter);
  const { Fleet } = await import('../fleet.js');
  const containers = await Fleet.open(context);
  const names = await selectNames(operands, all, containers, thoseUp(all, fits));
  const how = { dryRun: dryRun === true };
  const act = async (id: string): Promise<KillReport | SignalReport> => {
    if (signal !== undefined) return containers.signalAll(id, signal);
    if (exec === undefined) return containers.kill(id, how);
    await containers.checkUp('kill an exec of', id);
    return containers.running.killExec(id, exec, how);
  };
  const waiting = new Waiting();
  const outcomes = await withProgress(
    { json },
    (elapsedMs) => `killing ${waiting.names}, for ${formatDuration(elapsedMs)}`,
    () => forEach(names, (id) => waiting.until(id, () => act(id))),
  );
  if (json === true) printJson(outcomes.map(outcomeToJson));
  else for (const outcome of outcomes) await printOutcome(outcome, signal);
  return outcomesExitCode(outcomes);
}

async function printOutcome(outcome: Outcome<KillReport | SignalReport>, signal: string | undefined): Promise<void> {
  if ('error' in outcome) {
    printError(outcome.error);
    return;
  }
  const { id, result } = outcome;
  if ('complete' in result) printSignalled(id, signal ?? '', result);
  else if (result.pids === undefined) printOut(`${id}: ${formatKill(result)}\n`);
  else printOut(`${id}: ${countProcesses(result.processes)} would be killed\n${await formatProcesses(result.pids)}`);
}

function printSignalled(id: string, signal: string, { processes, complete, paused }: SignalReport): void {
  const later = paused ? '; it is paused: they act on it when it is resumed' : '';
  printOut(`${id}: ${signal} sent to ${countProcesses(processes)}${later}\n`);
  if (!complete) printNote(`${id}: not all stood still, or it has no cgroup: others may have been missed`);
}
