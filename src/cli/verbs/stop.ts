import { formatDuration } from '../../util/duration.js';
import { now } from '../../util/now.js';
import { exitCodeOfEnd } from '../exit-codes.js';
import { FILTER_HELP, parseFilters } from '../filter.js';
import { duration, list, signal } from '../flags/readers.js';
import type { StopReport } from '../kill-report.js';
import { type Outcome, outcomeToJson, outcomesExitCode, selectNames, startEach, thoseUp } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { withProgress } from '../progress.js';
import { printError } from '../report-error.js';
import { Waiting } from '../waiting.js';
import type { Verb, VerbCall } from '../verb.js';

interface StopFlags {
  readonly all?: true;
  readonly filter?: readonly string[];
  readonly signal?: string;
  readonly timeout?: number;
  readonly allProcesses?: true;
  readonly json?: true;
}

const WHICH = 'Which';
const HOW = 'How';

/** `corral stop` */
export const stop: Verb = {
  operands: '[name...]',
  names: 'known',
  description:
    'Asks containers to end, as docker stop does: their commands get a signal. What has not ended when the time is up is killed.',
  flags: {
    all: { flags: '-a, --all', help: 'all containers of this user', group: WHICH, value: true },
    filter: { flags: '--filter <FILTER>', help: 'those that fit', group: WHICH, read: list },
    signal: {
      flags: '-s, --signal <SIGNAL>',
      help: 'what they get (default: the --stop-signal they were run with, or TERM)',
      group: HOW,
      read: signal,
    },
    timeout: {
      flags: '-t, --timeout <TIME>',
      help: 'time until the kill (default: the --stop-timeout they were run with, or 10s)',
      group: HOW,
      read: duration,
      aliases: ['--time'],
    },
    allProcesses: {
      flags: '--all-processes',
      help: 'the signal goes to every process, and not only to the command',
      group: HOW,
      value: true,
    },
    json: { flags: '--json', help: 'as JSON, with how they ended', group: 'Output', value: true },
  },
  notes: `A container has ended when its command has: what that leaves behind is killed.
One that is paused goes on, to be able to end.

${FILTER_HELP}

Exit code:
  0  all have ended, by themselves or by the kill
  1  one has not, or was not there; the others are stopped all the same`,
  examples: [
    ['corral stop web', 'TERM, and after 10 seconds the kill'],
    ['corral stop --signal INT --timeout 1m db', 'another signal, and more time'],
    ['corral stop --all-processes --all', 'every process of everything'],
  ],
  act: stopContainers,
};

async function stopContainers({ operands, options, context }: VerbCall<StopFlags>): Promise<number> {
  const { all, filter, timeout, allProcesses, json } = options;
  const fits = filter === undefined ? undefined : parseFilters(filter);
  const how = {
    ...(options.signal === undefined ? {} : { stopSignal: options.signal }),
    ...(timeout === undefined ? {} : { gracePeriod: timeout }),
    allProcesses: allProcesses === true,
  };
  const { Fleet } = await import('../fleet.js');
  const containers = await Fleet.open(context);
  const outcomes: Outcome<Stopped>[] = [];
  const waiting = new Waiting();
  const act = async (id: string): Promise<Stopped> => {
    const startedAt = now();
    const report = await waiting.until(id, (onAsked) => containers.stop(id, { ...how, onAsked }));
    return { ...report, stopMs: now() - startedAt };
  };
  const names = await selectNames(operands, all, containers, thoseUp(all, fits));
  await withProgress(
    { json },
    () => waiting.describe(),
    async () => {
      for (const stopping of startEach(names, act)) {
        const outcome = await stopping;
        // Those that are named first are told of first, even while others are waited for.
        if (json !== true) printOutcome(outcome);
        outcomes.push(outcome);
      }
    },
  );
  if (json === true) printJson(outcomes.map(outcomeToJson));
  return outcomesExitCode(outcomes);
}

interface Stopped extends StopReport {
  /** From the request to the end. */
  readonly stopMs: number;
}

function printOutcome(outcome: Outcome<Stopped>): void {
  if ('error' in outcome) printError(outcome.error);
  else printOut(`${outcome.id}: ${formatStop(outcome.result)}\n`);
}

function formatStop({ killed, signalled, stopMs, ...end }: Stopped): string {
  const time = formatDuration(Math.max(1, stopMs));
  if (killed) return `killed: it had not ended after ${time}`;
  const code = exitCodeOfEnd(end);
  return `${signalled === 0 ? 'had ended already' : `ended in ${time}`}${code === undefined ? '' : `, exit code ${String(code)}`}`;
}
