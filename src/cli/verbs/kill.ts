import { FILTER_HELP, parseFilters } from '../filter.js';
import { list } from '../flags/readers.js';
import { type KillReport, countProcesses, formatKill } from '../kill-report.js';
import { type Outcome, forEach, outcomeToJson, outcomesExitCode, selectNames } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { formatProcesses } from '../process-list.js';
import { printError } from '../report-error.js';
import type { Verb, VerbCall } from '../verb.js';

interface KillFlags {
  readonly all?: true;
  readonly filter?: readonly string[];
  readonly dryRun?: true;
  readonly json?: true;
}

/** `corral kill` */
export const kill: Verb = {
  operands: '[name...]',
  description:
    'Kills containers, every process of them, whatever those do to get away, and waits until their cgroups are gone.',
  flags: {
    all: { flags: '-a, --all', help: 'all containers of this user', group: 'Which, and how', value: true },
    filter: {
      flags: '--filter <FILTER>',
      help: 'those that fit, as with ps: label=KEY, label=KEY=VALUE, name=TEXT, status=STATUS',
      group: 'Which, and how',
      read: list,
    },
    dryRun: { flags: '--dry-run', help: 'kill nothing: list what would die', group: 'Which, and how', value: true },
    json: { flags: '--json', help: 'as JSON', group: 'Output', value: true },
  },
  notes: `${FILTER_HELP}

Exit code:
  0  all are gone
  1  one is not, or was not there; the others are killed all the same`,
  examples: [
    ['corral kill web db', 'two of them'],
    ['corral kill --filter label=job=7', 'all of a job'],
    ['corral kill --dry-run --all', 'what would die'],
  ],
  act: killContainers,
};

async function killContainers({ operands, options, context }: VerbCall<KillFlags>): Promise<number> {
  const { all, filter, dryRun, json } = options;
  const fits = filter === undefined ? undefined : parseFilters(filter);
  const { Containers } = await import('../../container/containers.js');
  const containers = new Containers(context);
  const names = selectNames(operands, all, containers, fits);
  const outcomes = await forEach(names, (id) => containers.kill(id, { dryRun: dryRun === true }));
  if (json === true) printJson(outcomes.map(outcomeToJson));
  else for (const outcome of outcomes) await printOutcome(outcome);
  return outcomesExitCode(outcomes);
}

async function printOutcome(outcome: Outcome<KillReport>): Promise<void> {
  if ('error' in outcome) {
    printError(outcome.error);
    return;
  }
  const { id, result } = outcome;
  if (result.pids === undefined) printOut(`${id}: ${formatKill(result)}\n`);
  else printOut(`${id}: ${countProcesses(result.processes)} would be killed\n${await formatProcesses(result.pids)}`);
}
