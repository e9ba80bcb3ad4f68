import { readFileSync } from 'node:fs';
import type { Containers } from '../../container/containers.js';
import { isContainerError } from '../../errors/container-error.js';
import { describeError } from '../describe-error.js';
import { EXIT } from '../exit-codes.js';
import { type KillReport, countProcesses, formatKill } from '../kill-report.js';
import { outputWidth, printErr, printJson, printOut } from '../print.js';
import { quoteCommand } from '../quote.js';
import { UsageError } from '../usage-error.js';
import { cutLine } from '../table.js';
import type { Verb, VerbCall } from '../verb.js';

interface KillFlags {
  readonly all?: true;
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
    dryRun: { flags: '--dry-run', help: 'kill nothing: list what would die', group: 'Which, and how', value: true },
    json: { flags: '--json', help: 'as JSON', group: 'Output', value: true },
  },
  notes: `Exit code:
  0  all are gone
  1  one is not, or was not there; the others are killed all the same`,
  examples: [
    ['corral kill web db', 'two of them'],
    ['corral kill --dry-run --all', 'what would die'],
  ],
  act: killContainers,
};

/** What became of one name. */
interface Outcome {
  readonly id: string;
  readonly report?: KillReport;
  readonly error?: unknown;
}

async function killContainers({ operands, options, context }: VerbCall<KillFlags>): Promise<number> {
  const { all, dryRun, json } = options;
  if (all === true && operands.length > 0) throw new UsageError('--all leaves no NAME to give');
  if (all !== true && operands.length === 0) throw new UsageError('NAME is missing', 'or --all');
  const { Containers } = await import('../../container/containers.js');
  const containers = new Containers(context);
  const names = all === true ? containers.list().map(({ id }) => id) : [...new Set(operands)];
  const outcomes = await Promise.all(names.map((id) => killOne(containers, id, dryRun === true)));
  if (json === true) printJson(outcomes.map(toJson));
  else for (const outcome of outcomes) printOutcome(outcome);
  return outcomes.some(({ error }) => error !== undefined) ? EXIT.failure : EXIT.ok;
}

async function killOne(containers: Containers, id: string, dryRun: boolean): Promise<Outcome> {
  try {
    return { id, report: await containers.kill(id, { dryRun }) };
  } catch (error) {
    return { id, error };
  }
}

function printOutcome({ id, report, error }: Outcome): void {
  if (report === undefined) printErr(`corral: ${describeError(error, new Map())}\n`);
  else if (report.pids === undefined) printOut(`${id}: ${formatKill(report)}\n`);
  else printOut(`${id}: ${countProcesses(report.processes)} would be killed\n${formatProcesses(report.pids)}`);
}

function formatProcesses(pids: readonly number[]): string {
  const width = Math.max(0, ...pids.map((pid) => String(pid).length));
  return pids
    .map((pid) => `${cutLine(`  ${String(pid).padStart(width)}  ${readCommand(pid)}`, outputWidth())}\n`)
    .join('');
}

function readCommand(pid: number): string {
  try {
    const words = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
      .split('\0')
      .slice(0, -1);
    return words.length > 0 ? quoteCommand(words) : `[${readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim()}]`;
  } catch {
    return '(ended)';
  }
}

function toJson({ id, report, error }: Outcome): object {
  if (report !== undefined) return { id, ...report };
  return { id, error: isContainerError(error) ? error.toJSON() : { message: String(error) } };
}
