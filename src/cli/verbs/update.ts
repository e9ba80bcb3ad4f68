import type { UpdateOptions } from '../../spec/options.js';
import { UPDATE_FLAGS } from '../flags/limits.js';
import { forEach, outcomeToJson, outcomesExitCode } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { printError } from '../report-error.js';
import { UsageError } from '../usage-error.js';
import type { Verb, VerbCall } from '../verb.js';

interface UpdateFlags extends UpdateOptions {
  readonly json?: true;
}

/** `corral update` */
export const update: Verb = {
  operands: '<name...>',
  description:
    'Changes the limits of containers that run. What is not named stays as it is. If one limit is refused, that container keeps all its old ones.',
  flags: {
    ...UPDATE_FLAGS,
    json: { flags: '--json', help: 'as JSON: the limits that are in force then', group: 'Output', value: true },
  },
  notes: `max takes a limit away; so does a rate of max: /dev/sda:max.

No process is killed for a lower limit. Memory above it is reclaimed; where that
is not possible, the limit is refused. Fewer processes than there are only means
that no new one can be made.

A container can be given a limit of a kind that it has not had only on cgroup
v2: there, a controller can be added while it runs.

Exit code:
  0  all have their new limits
  1  one was refused, or was not there; the others have theirs all the same`,
  examples: [
    ['corral update -m 512M --cpus 2 web', 'more of both'],
    ['corral update --pids-limit max web db', 'as many processes as they like'],
  ],
  act: updateContainers,
};

async function updateContainers({ operands, options, context }: VerbCall<UpdateFlags>): Promise<number> {
  const { json, ...limits } = options;
  if (Object.keys(limits).length === 0) throw new UsageError('a limit is missing', 'see corral update --help');
  const { readUpdate } = await import('../../container/updating.js');
  // What makes no sense for any container is said once.
  readUpdate(limits);
  const { Fleet } = await import('../fleet.js');
  const containers = await Fleet.open(context);
  const outcomes = await forEach([...new Set(operands)], (id) => containers.update(id, limits));
  if (json === true) printJson(outcomes.map(outcomeToJson));
  else
    for (const outcome of outcomes) {
      if ('error' in outcome) printError(outcome.error);
      else printOut(`${outcome.id}: updated\n`);
    }
  return outcomesExitCode(outcomes);
}
