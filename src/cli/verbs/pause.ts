import type { Status } from '../../container/info.js';
import { FILTER_HELP, parseFilters } from '../filter.js';
import type { Flags } from '../flags/flag.js';
import type { Fleet, Listed } from '../fleet.js';
import { list } from '../flags/readers.js';
import { type Outcome, forEach, outcomeToJson, outcomesExitCode, selectNames } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { printError } from '../report-error.js';
import type { Verb, VerbCall } from '../verb.js';

interface PauseFlags {
  readonly all?: true;
  readonly filter?: readonly string[];
  readonly json?: true;
}

/** What distinguishes the two verbs. */
interface Change {
  readonly act: (containers: Fleet, id: string) => Promise<boolean>;
  /** Which containers --all and --filter are about. */
  readonly from: Status;
  readonly done: string;
  readonly needless: string;
}

/** `corral pause` */
export const pause: Verb = {
  operands: '[name...]',
  description: 'Stops all processes of containers in their tracks. They keep their memory, and get no CPU time.',
  flags: flagsFor('all containers that run'),
  notes: exitNotes('all stand still', 'does not run, or did not stop in time'),
  examples: [
    ['corral pause web', 'until corral resume web'],
    ['corral pause --all', 'everything that runs'],
  ],
  act: (call: VerbCall<PauseFlags>) =>
    change(call, {
      act: (containers, id) => containers.pause(id),
      from: 'running',
      done: 'paused',
      needless: 'was paused already',
    }),
};

/** `corral resume` */
export const resume: Verb = {
  operands: '[name...]',
  description: 'Lets the processes of paused containers go on.',
  flags: flagsFor('all containers that are paused'),
  notes: exitNotes('all go on', 'does not run any more'),
  examples: [['corral resume web', 'what corral pause web has stopped']],
  act: (call: VerbCall<PauseFlags>) =>
    change(call, {
      act: (containers, id) => containers.resume(id),
      from: 'paused',
      done: 'resumed',
      needless: 'was not paused',
    }),
};

function flagsFor(help: string): Flags {
  return {
    all: { flags: '-a, --all', help, group: 'Which', value: true },
    filter: { flags: '--filter <FILTER>', help: 'those of them that fit', group: 'Which', read: list },
    json: { flags: '--json', help: 'as JSON', group: 'Output', value: true },
  };
}

function exitNotes(all: string, failure: string): string {
  return `${FILTER_HELP}

Exit code:
  0  ${all}
  1  one was not there, or ${failure};
     the others are done all the same`;
}

async function change(
  { operands, options, context }: VerbCall<PauseFlags>,
  { act, from, ...words }: Change,
): Promise<number> {
  const { all, filter, json } = options;
  const fits = parseFilters(filter ?? []);
  const isMeant = (container: Listed): boolean => container.status === from && fits(container);
  const module = await import('../fleet.js');
  const containers = await module.Fleet.open(context);
  const names = await selectNames(operands, all, containers, (all ?? filter) ? isMeant : undefined);
  const outcomes = await forEach(names, (id) => act(containers, id));
  if (json === true) {
    printJson(outcomes.map((outcome) => outcomeToJson('error' in outcome ? outcome : toChange(outcome))));
    return outcomesExitCode(outcomes);
  }
  for (const outcome of outcomes) {
    if ('error' in outcome) printError(outcome.error);
    else printOut(`${outcome.id}: ${outcome.result ? words.done : words.needless}\n`);
  }
  return outcomesExitCode(outcomes);
}

/** Whether it changed anything: `changed` beside the name. */
function toChange({
  id,
  result,
}: {
  readonly id: string;
  readonly result: boolean;
}): Outcome<{ readonly changed: boolean }> {
  return { id, result: { changed: result } };
}
