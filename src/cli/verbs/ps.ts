import type { ContainerInfo } from '../../container/info.js';
import { formatAge, formatDuration } from '../../util/duration.js';
import { formatSize } from '../../util/size.js';
import { EXIT } from '../exit-codes.js';
import { FILTER_HELP, parseFilters } from '../filter.js';
import { list } from '../flags/readers.js';
import { outputWidth, printJson, printOut } from '../print.js';
import { quoteCommand } from '../quote.js';
import { STATUS_STYLES } from '../status.js';
import { painter } from '../style.js';
import { type Column, formatTable } from '../table.js';
import type { Verb, VerbCall } from '../verb.js';

interface PsFlags {
  readonly filter?: readonly string[];
  readonly json?: true;
  readonly quiet?: true;
}

/** `corral ps` */
export const ps: Verb = {
  operands: '',
  description: 'Lists the containers of this user.',
  flags: {
    filter: {
      flags: '--filter <FILTER>',
      help: 'only those that fit: label=KEY, label=KEY=VALUE, name=TEXT, status=STATUS',
      group: 'Which',
      read: list,
    },
    json: { flags: '--json', help: 'as JSON, with everything that is known', group: 'Output', value: true },
    quiet: { flags: '-q, --quiet', help: 'only the names', group: 'Output', value: true },
  },
  notes: `STATUS is one of:
  creating   being started
  running    what it says
  paused     frozen, all of it
  stopped    its command has ended, and its owner is clearing up
  abandoned  its owner has died: corral prune clears it away

${FILTER_HELP}`,
  examples: [
    ['corral ps', 'a table'],
    ['corral ps --filter label=job=7 --filter status=running', 'those of a job that run'],
    [`corral ps --json | jq '.[] | select(.processes > 100) | .id'`, 'who has more than 100 processes'],
  ],
  act: listContainers,
};

async function listContainers({ options, context }: VerbCall<PsFlags>): Promise<number> {
  const fits = parseFilters(options.filter ?? []);
  const { Containers } = await import('../../container/containers.js');
  const containers = new Containers(context).list().filter(fits);
  if (options.json === true) printJson(containers);
  else if (options.quiet === true) printOut(containers.map(({ id }) => `${id}\n`).join(''));
  else printOut(await formatTable(containers, COLUMNS, { width: outputWidth(), paint: painter(1) }));
  return EXIT.ok;
}

const COLUMNS: readonly Column<ContainerInfo>[] = [
  { title: 'NAME', cell: ({ id }) => id, min: 12 },
  { title: 'STATUS', cell: ({ status }) => status, style: ({ status }) => STATUS_STYLES[status] },
  { title: 'PID', align: 'right', cell: ({ pid }) => (pid === undefined ? '-' : String(pid)), optional: true },
  { title: 'PROCS', align: 'right', cell: ({ processes }) => String(processes), optional: true },
  {
    title: 'CPU',
    align: 'right',
    cell: ({ stats }) => (stats.cpuMs === undefined ? '-' : formatDuration(stats.cpuMs)),
    optional: true,
  },
  { title: 'MEMORY', align: 'right', cell: ({ stats }) => formatMemory(stats) },
  { title: 'CREATED', cell: ({ createdAt }) => `${formatAge(Date.now() - Date.parse(createdAt))} ago`, optional: true },
  { title: 'COMMAND', cell: ({ command }) => quoteCommand(command), min: 12 },
];

function formatMemory({ memoryBytes, memoryMaxBytes }: ContainerInfo['stats']): string {
  if (memoryBytes === undefined) return '-';
  return `${formatSize(memoryBytes)}${memoryMaxBytes === undefined ? '' : `/${formatSize(memoryMaxBytes)}`}`;
}
