import { formatDuration } from '../../util/duration.js';
import { FILTER_HELP, parseFilters } from '../filter.js';
import { list } from '../flags/readers.js';
import type { Listed } from '../fleet.js';
import { forEach, outcomeToJson, outcomesExitCode, selectNames } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { withProgress } from '../progress.js';
import { printError } from '../report-error.js';
import { isUp } from '../status.js';
import { Waiting } from '../waiting.js';
import type { Verb, VerbCall } from '../verb.js';

interface RmFlags {
  readonly all?: true;
  readonly filter?: readonly string[];
  readonly force?: true;
  readonly json?: true;
}

/** `corral rm` */
export const rm: Verb = {
  operands: '[name...]',
  names: 'kept',
  description: 'Forgets containers of corral run -d that have ended, with their logs.',
  flags: {
    all: { flags: '-a, --all', help: 'all that have ended; with --force, all', group: 'Which', value: true },
    filter: { flags: '--filter <FILTER>', help: 'those of them that fit', group: 'Which', read: list },
    force: { flags: '-f, --force', help: 'those that run are killed first', group: 'How', value: true },
    json: { flags: '--json', help: 'as JSON', group: 'Output', value: true },
  },
  notes: `What corral runs in the foreground is gone with its end: there is nothing to
forget.

${FILTER_HELP}

Exit code:
  0  all are forgotten
  1  one was not there, or runs; the others are forgotten all the same`,
  examples: [
    ['corral rm web', 'it has ended'],
    ['corral rm --force web', 'whether or not it has'],
    ['corral rm --all --filter label=job=7', 'all of a job that have ended'],
  ],
  act: removeContainers,
};

async function removeContainers({ operands, options, context }: VerbCall<RmFlags>): Promise<number> {
  const { all, filter, force = false, json } = options;
  const { Fleet } = await import('../fleet.js');
  const fleet = await Fleet.open(context);
  const fits = parseFilters(filter ?? []);
  // Of those that were not named, the ones that can be.
  const isMeant = (container: Listed): boolean =>
    fleet.isSupervised(container.id) && (force || !isUp(container)) && fits(container);
  const names = await selectNames(operands, all, fleet, (all ?? filter) ? isMeant : undefined);
  const waiting = new Waiting();
  const outcomes = await withProgress(
    { json },
    (elapsedMs) => `removing ${waiting.names}, for ${formatDuration(elapsedMs)}`,
    () =>
      forEach(names, async (id) => {
        await waiting.until(id, async () => (await fleet.keeper('remove', id)).remove(id, { force }));
        return { removed: true };
      }),
  );
  if (json === true) printJson(outcomes.map(outcomeToJson));
  else
    for (const outcome of outcomes) {
      if ('error' in outcome) printError(outcome.error);
      else printOut(`${outcome.id}: removed\n`);
    }
  return outcomesExitCode(outcomes);
}
