import { EXIT } from '../exit-codes.js';
import { type KillReport, formatKill } from '../kill-report.js';
import { printJson, printOut } from '../print.js';
import type { Verb, VerbCall } from '../verb.js';

interface PruneFlags {
  readonly json?: true;
}

/** `corral prune` */
export const prune: Verb = {
  operands: '',
  description: 'Clears away what crashes have left: containers whose owner has died, their cgroups and their state.',
  flags: { json: { flags: '--json', help: 'as JSON', group: 'Output', value: true } },
  examples: [['corral prune', 'what corral ps calls abandoned']],
  act: clearAway,
};

async function clearAway({ options, context }: VerbCall<PruneFlags>): Promise<number> {
  const { Containers } = await import('../../container/containers.js');
  const pruned = await new Containers(context).prune();
  if (options.json === true) printJson(pruned);
  else if (pruned.length === 0) printOut('nothing to clear away\n');
  else printOut(pruned.map(formatPruned).join(''));
  return EXIT.ok;
}

function formatPruned({ id, report }: { readonly id: string; readonly report: KillReport | undefined }): string {
  if (report === undefined) return `${id}: an unfinished start, removed\n`;
  return `${id}: ${report.processes === 0 ? 'nothing ran any more' : formatKill(report)}, removed\n`;
}
