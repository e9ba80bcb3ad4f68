import type { EndReport } from '../../container/wait.js';
import { formatDuration } from '../../util/duration.js';
import { EXIT, exitCodeOfEnd } from '../exit-codes.js';
import { type Outcome, outcomeToJson, outcomesExitCode, startEach } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { withProgress } from '../progress.js';
import { printError, printProblem } from '../report-error.js';
import { listNames } from '../waiting.js';
import type { Verb, VerbCall } from '../verb.js';

interface WaitFlags {
  readonly json?: true;
}

/** `corral wait` */
export const wait: Verb = {
  operands: '<name...>',
  names: 'known',
  description:
    'Waits until containers have ended, whoever has started them, and prints the exit code of each, in the order of the names.',
  flags: { json: { flags: '--json', help: 'as JSON, with everything that is known', group: 'Output', value: true } },
  notes: `Where a signal ended a container, the exit code is 128 plus its number; where
its time was up (--timeout), 124.

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
  const { Fleet } = await import('../fleet.js');
  const containers = await Fleet.open(context);
  const names = [...new Set(operands)];
  const act = (id: string): Promise<EndReport> => containers.wait(id);
  const outcomes: Outcome<EndReport>[] = [];
  const say = (elapsedMs: number): string => {
    return `waiting for ${listNames(names.slice(outcomes.length))} to end, for ${formatDuration(elapsedMs)}`;
  };
  await withProgress(options, say, async () => {
    for (const ending of startEach(names, act)) {
      const outcome = await ending;
      // Those that are named first are told of first, even while others are waited for.
      if (options.json !== true) printOutcome(outcome);
      outcomes.push(outcome);
    }
  });
  if (options.json === true) printJson(outcomes.map(outcomeToJson));
  return exitCodeFor(outcomes);
}

function printOutcome(outcome: Outcome<EndReport>): void {
  if ('error' in outcome) {
    printError(outcome.error);
    return;
  }
  const code = exitCodeOfEnd(outcome.result);
  printOut(`${code === undefined ? 'unknown' : String(code)}\n`);
  if (code === undefined) printProblem(describeUnknown(outcome.result));
}

// A supervisor knows why there is none; of another owner there is nobody left to ask.
function describeUnknown({ id, error }: EndReport & { readonly error?: string }): string {
  const why = error ?? 'its owner has died before it could tell';
  return `${id} has ended, and nobody knows its exit code\nhint: ${why}`;
}

function exitCodeFor(outcomes: readonly Outcome<EndReport>[]): number {
  const isUnknown = outcomes.some((outcome) => 'result' in outcome && outcome.result.exitCode === undefined);
  return outcomesExitCode(outcomes) || (isUnknown ? EXIT.unknown : EXIT.ok);
}
