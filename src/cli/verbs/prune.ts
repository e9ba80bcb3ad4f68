import type { Pruned } from '../../container/containers.js';
import { formatDuration } from '../../util/duration.js';
import { EXIT } from '../exit-codes.js';
import { countProcesses, formatKill } from '../kill-report.js';
import { printJson, printOut } from '../print.js';
import { formatProcesses } from '../process-list.js';
import { withProgress } from '../progress.js';
import type { Verb, VerbCall } from '../verb.js';

interface PruneFlags {
  readonly dryRun?: true;
  readonly json?: true;
}

/** `corral prune` */
export const prune: Verb = {
  operands: '',
  description: 'Clears away what crashes have left: containers whose owner has died, their cgroups and their state.',
  flags: {
    dryRun: { flags: '--dry-run', help: 'clear nothing away: list what would be', group: 'How', value: true },
    json: { flags: '--json', help: 'as JSON', group: 'Output', value: true },
  },
  notes: `Exit code:
  0  all of it is gone, or there was nothing
  1  something could not be cleared away; the rest is gone all the same`,
  examples: [
    ['corral prune --dry-run', 'what would die'],
    ['corral prune', 'what corral ps calls abandoned'],
  ],
  act: clearAway,
};

async function clearAway({ options, context }: VerbCall<PruneFlags>): Promise<number> {
  const { Containers } = await import('../../container/containers.js');
  const pruned = await withProgress(
    options,
    (elapsedMs) => `clearing away what crashes have left, for ${formatDuration(elapsedMs)}`,
    () => new Containers(context).prune({ dryRun: options.dryRun === true }),
  );
  if (options.json === true) printJson(pruned);
  else if (pruned.length === 0) printOut('nothing to clear away\n');
  else for (const one of pruned) printOut(options.dryRun === true ? await formatPreview(one) : formatPruned(one));
  return EXIT.ok;
}

function formatPruned({ id, report }: Pruned): string {
  if (report === undefined) return `${id}: an unfinished start, removed\n`;
  return `${id}: ${report.processes === 0 ? 'nothing ran any more' : formatKill(report)}, removed\n`;
}

async function formatPreview({ id, report }: Pruned): Promise<string> {
  if (report === undefined) return `${id}: an unfinished start, would be removed\n`;
  if (report.processes === 0) return `${id}: nothing runs any more, would be removed\n`;
  const list = await formatProcesses(report.pids ?? []);
  return `${id}: ${countProcesses(report.processes)} would be killed, and it would be removed\n${list}`;
}
