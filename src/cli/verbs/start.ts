import { formatDuration } from '../../util/duration.js';
import { FILTER_HELP, parseFilters } from '../filter.js';
import type { Flag } from '../flags/flag.js';
import { duration, list, signal } from '../flags/readers.js';
import type { Fleet, Listed } from '../fleet.js';
import { type Outcome, forEach, outcomeToJson, outcomesExitCode, selectNames } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { withProgress } from '../progress.js';
import { printError } from '../report-error.js';
import { isUp } from '../status.js';
import { Waiting } from '../waiting.js';
import type { Verb, VerbCall } from '../verb.js';

interface StartFlags {
  readonly all?: true;
  readonly filter?: readonly string[];
  readonly signal?: string;
  readonly timeout?: number;
  readonly json?: true;
}

const filterFlag = { flags: '--filter <FILTER>', help: 'those of them that fit', group: 'Which', read: list } as const;

const allFlag = (help: string): Flag => ({ flags: '-a, --all', help, group: 'Which', value: true });

const OUTPUT = { json: { flags: '--json', help: 'as JSON', group: 'Output', value: true } } as const;

const exitNotes = (all: string): string => `${FILTER_HELP}

Exit code:
  0  ${all}
  1  one was not there, or could not be started; the others are started all the
     same`;

/** `corral start` */
export const start: Verb = {
  operands: '[name...]',
  names: 'ended',
  description: 'Starts containers of corral run -d that have ended, as they were started before.',
  flags: { all: allFlag('all that have ended'), filter: filterFlag, ...OUTPUT },
  notes: exitNotes('all run'),
  examples: [
    ['corral start web', 'after corral stop web, say'],
    ['corral start --all --filter label=job=7', 'all of a job that have ended'],
  ],
  act: startContainers,
};

/** `corral restart` */
export const restart: Verb = {
  operands: '[name...]',
  names: 'kept',
  description: 'Stops containers of corral run -d, where they run, and starts them.',
  flags: {
    all: allFlag('all that run, or wait to be started again'),
    filter: filterFlag,
    signal: {
      flags: '-s, --signal <SIGNAL>',
      help: 'what they get (default: the --stop-signal they were run with, or TERM)',
      group: 'How',
      read: signal,
    },
    timeout: {
      flags: '-t, --timeout <TIME>',
      help: 'time until the kill (default: the --stop-timeout they were run with, or 10s)',
      group: 'How',
      read: duration,
      aliases: ['--time'],
    },
    ...OUTPUT,
  },
  notes: exitNotes('all run again'),
  examples: [['corral restart web', 'TERM, after 10 seconds the kill, and a new start']],
  act: restartContainers,
};

async function startContainers({ operands, options, context }: VerbCall<StartFlags>): Promise<number> {
  const { fleet, names } = await select({ operands, options, context }, (one) => !isUp(one));
  const waiting = new Waiting();
  const outcomes = await withProgress(
    options,
    (elapsedMs) => `starting ${waiting.names}, for ${formatDuration(elapsedMs)}`,
    () =>
      forEach(names, (id) =>
        waiting.until(id, async () => ({ changed: await (await fleet.keeper('start', id)).start(id) })),
      ),
  );
  return printOutcomes(outcomes, options, ({ changed }) => (changed ? 'started' : 'was running already'));
}

async function restartContainers({ operands, options, context }: VerbCall<StartFlags>): Promise<number> {
  const { fleet, names } = await select({ operands, options, context }, isUp);
  const how = {
    ...(options.signal === undefined ? {} : { stopSignal: options.signal }),
    ...(options.timeout === undefined ? {} : { gracePeriod: options.timeout }),
  };
  const waiting = new Waiting();
  const outcomes = await withProgress(
    options,
    () => waiting.describe(),
    () => forEach(names, (id) => waiting.until(id, (onAsked) => fleet.restart(id, { ...how, onAsked }))),
  );
  return printOutcomes(outcomes, options, () => 'restarted');
}

function printOutcomes<Result extends object>(
  outcomes: readonly Outcome<Result>[],
  { json }: StartFlags,
  say: (result: Result) => string,
): number {
  if (json === true) printJson(outcomes.map(outcomeToJson));
  else
    for (const outcome of outcomes) {
      if ('error' in outcome) printError(outcome.error);
      else printOut(`${outcome.id}: ${say(outcome.result)}\n`);
    }
  return outcomesExitCode(outcomes);
}

/** @param isMeant - which there is something to do for, of those that are not named */
async function select(
  { operands, options, context }: VerbCall<StartFlags>,
  isMeant: (container: Listed) => boolean,
): Promise<{ readonly fleet: Fleet; readonly names: readonly string[] }> {
  const { all, filter } = options;
  const module = await import('../fleet.js');
  const fleet = await module.Fleet.open(context);
  const fits = parseFilters(filter ?? []);
  const isChosen = (one: Listed): boolean => fleet.isSupervised(one.id) && isMeant(one) && fits(one);
  return { fleet, names: await selectNames(operands, all, fleet, (all ?? filter) ? isChosen : undefined) };
}
