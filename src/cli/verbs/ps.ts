import { formatAge, formatDuration } from '../../util/duration.js';
import { formatSize } from '../../util/size.js';
import { EXIT } from '../exit-codes.js';
import { FILTER_HELP, parseFilters } from '../filter.js';
import type { Listed } from '../fleet.js';
import { list } from '../flags/readers.js';
import { outputWidth, printJson, printOut } from '../print.js';
import { quoteCommand } from '../quote.js';
import { STATUS_STYLES, isUp } from '../status.js';
import { type Style, painter } from '../style.js';
import { type Column, formatTable } from '../table.js';
import type { Health, RunEnd } from '../../supervisor/types.js';
import type { Verb, VerbCall } from '../verb.js';

interface PsFlags {
  readonly all?: true;
  readonly filter?: readonly string[];
  readonly json?: true;
  readonly quiet?: true;
}

/** `corral ps` */
export const ps: Verb = {
  operands: '',
  description: 'Lists the containers of this user.',
  flags: {
    all: { flags: '-a, --all', help: 'those that have ended, and are kept, too', group: 'Which', value: true },
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
  creating    being started; of corral run -d: starting
  running     what it says
  paused      frozen, all of it
  stopped     its command has ended, and its owner is clearing up
  abandoned   its owner has died: corral prune clears it away
and of corral run -d also one of:
  created     it has never been started
  stopping    it was asked to end
  restarting  so, and is started again then
  waiting     it has ended, and is started again in a while
  exited      it has ended, for good: corral start, corral rm
  removing    it is being forgotten
exited and waiting say how it ended: with an exit code; a signal; timeout, its
time was up; oom, it ran out of memory; error, its start failed, or the machine
went down: see corral inspect --field lastEnd. RESTARTS and HEALTH are there
where one of them has any.

${FILTER_HELP}`,
  examples: [
    ['corral ps', 'a table'],
    ['corral ps --all', 'with those that have ended, and are kept'],
    ['corral ps --filter label=job=7 --filter status=running', 'those of a job that run'],
    [`corral ps --json | jq '.[] | select(.processes > 100) | .id'`, 'who has more than 100 processes'],
  ],
  act: listContainers,
};

async function listContainers({ options, context }: VerbCall<PsFlags>): Promise<number> {
  const fits = parseFilters(options.filter ?? []);
  const { Fleet } = await import('../fleet.js');
  const listed = await (await Fleet.open(context)).list();
  const isShown = options.all === true || asksForStatus(options.filter) ? () => true : isUp;
  const containers = listed.filter((container) => isShown(container) && fits(container));
  if (options.json === true) printJson(containers);
  else if (options.quiet === true) printOut(containers.map(({ id }) => `${id}\n`).join(''));
  else {
    printOut(await formatTable(containers, columnsFor(containers), { width: outputWidth(), paint: painter(1) }));
  }
  return EXIT.ok;
}

// Of what the supervisor knows, the columns that say something.
function columnsFor(containers: readonly Listed[]): readonly Column<Listed>[] {
  const restarts = containers.some((one) => 'restarts' in one && one.restarts > 0) ? [RESTARTS] : [];
  const health = containers.some((one) => 'health' in one) ? [HEALTH] : [];
  return [...COLUMNS, ...restarts, ...health, COMMAND];
}

function asksForStatus(filters: readonly string[] = []): boolean {
  return filters.some((filter) => filter.startsWith('status='));
}

const COLUMNS: readonly Column<Listed>[] = [
  { title: 'NAME', cell: ({ id }) => id, min: 12 },
  { title: 'STATUS', cell: formatStatus, style: ({ status }) => STATUS_STYLES[status] },
  { title: 'PID', align: 'right', cell: ({ pid }) => (pid === undefined ? '-' : String(pid)), optional: true },
  { title: 'PROCS', align: 'right', cell: ({ processes }) => String(processes), optional: true },
  {
    title: 'CPU',
    align: 'right',
    cell: ({ stats }) => (stats?.cpuMs === undefined ? '-' : formatDuration(stats.cpuMs)),
    optional: true,
  },
  { title: 'MEMORY', align: 'right', cell: ({ stats }) => formatMemory(stats) },
  { title: 'CREATED', cell: ({ createdAt }) => `${formatAge(Date.now() - Date.parse(createdAt))} ago`, optional: true },
];

const RESTARTS: Column<Listed> = {
  title: 'RESTARTS',
  align: 'right',
  cell: (container) => ('restarts' in container ? String(container.restarts) : '-'),
  optional: true,
};

const HEALTH: Column<Listed> = {
  title: 'HEALTH',
  cell: (container) => ('health' in container ? container.health : '-'),
  style: (container) => ('health' in container ? HEALTH_STYLES[container.health] : undefined),
  optional: true,
};

const HEALTH_STYLES: Readonly<Record<Health, Style>> = { starting: 'cyan', healthy: 'green', unhealthy: 'red' };

const COMMAND: Column<Listed> = { title: 'COMMAND', cell: ({ command }) => quoteCommand(command), min: 12 };

// What has ended says how and when, and what is started again when that is.
function formatStatus(container: Listed): string {
  const { status } = container;
  if ((status !== 'exited' && status !== 'waiting') || container.lastEnd === undefined) return status;
  const { lastEnd, nextStart } = container;
  const how = `${status} (${describeEnd(lastEnd)})`;
  if (nextStart !== undefined) return `${how} for ${formatAge(Math.max(0, Date.parse(nextStart) - Date.now()))}`;
  return `${how} ${formatAge(Math.max(0, Date.now() - Date.parse(lastEnd.endedAt)))} ago`;
}

function describeEnd({ exitCode, signal, timedOut, oomKilled, error }: RunEnd): string {
  if (timedOut === true) return 'timeout';
  if (oomKilled === true) return 'oom';
  if (typeof exitCode === 'number') return String(exitCode);
  return typeof signal === 'string' ? signal : error === undefined ? '?' : 'error';
}

function formatMemory(stats: Listed['stats']): string {
  if (stats?.memoryBytes === undefined) return '-';
  const { memoryBytes, memoryMaxBytes } = stats;
  return `${formatSize(memoryBytes)}${memoryMaxBytes === undefined ? '' : `/${formatSize(memoryMaxBytes)}`}`;
}
