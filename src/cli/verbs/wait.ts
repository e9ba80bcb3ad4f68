import type { EndReport } from '../../container/wait.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { type Outcome, outcomeToJson, outcomesExitCode, startEach } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { printError, printProblem } from '../report-error.js';
import type { Verb, VerbCall } from '../verb.js';

interface WaitFlags {
  readonly json?: true;
}

/** `corral wait` */
export const wait: Verb = {
  operands: '<name...>',
  description:
    'Waits until containers have ended, whoever has started them, and prints the exit code of each, in the order of the names.',
  flags: { json: { flags: '--json', help: 'as JSON, with everything that is known', group: 'Output', value: true } },
  notes: `Where a signal ended a container, the exit code is 128 plus its number.

Exit code:
  0  all have ended, and the exit codes are known
  1  one was not there; the others are waited for all the same
  3  all have ended, and nobody knows the exit code of one: its owner has died
     before it could tell`,
  examples: [
    ['corral wait web', 'its exit code'],
    ['corral wait --json web | jq .[0].oomKilled', 'did it run out of memory?'],
  ],
  act: waitForContainers,
};

async function waitForContainers({ operands, options, context }: VerbCall<WaitFlags>): Promise<number> {
  const { Containers } = await import('../../container/containers.js');
  const containers = new Containers(context);
  const names = [...new Set(operands)];
  const act = (id: string): Promise<EndReport> => containers.wait(id);
  const outcomes: Outcome<EndReport>[] = [];
  for (const ending of startEach(names, act)) {
    const outcome = await ending;
    // Those that are named first are told of first, even while others are waited for.
    if (options.json !== true) printOutcome(outcome);
    outcomes.push(outcome);
  }
  if (options.json === true) printJson(outcomes.map(outcomeToJson));
  return exitCodeFor(outcomes);
}

function printOutcome(outcome: Outcome<EndReport>): void {
  if ('error' in outcome) {
    printError(outcome.error);
    return;
  }
  const { id, exitCode, signal } = outcome.result;
  if (exitCode === undefined || signal === undefined) {
    printOut('unknown\n');
    printProblem(`${id} has ended, and nobody knows its exit code\nhint: its owner has died before it could tell`);
  } else printOut(`${String(exitCodeOf({ exitCode, signal, timedOut: false, aborted: false }))}\n`);
}

function exitCodeFor(outcomes: readonly Outcome<EndReport>[]): number {
  const isUnknown = outcomes.some((outcome) => 'result' in outcome && outcome.result.exitCode === undefined);
  return outcomesExitCode(outcomes) || (isUnknown ? EXIT.unknown : EXIT.ok);
}
