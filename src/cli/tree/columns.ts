import { formatDuration } from '../../util/duration.js';
import { formatSize } from '../../util/size.js';
import { quoteCommand } from '../quote.js';
import { STATUS_STYLES } from '../status.js';
import type { Column } from '../table.js';
import type { Row } from './rows.js';

/** The table of `corral tree`. */
export const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ branches, container }) => branches + container.id, min: 20 },
  {
    title: 'STATUS',
    cell: ({ container }) => container.status,
    style: ({ container }) => STATUS_STYLES[container.status],
    optional: true,
  },
  { title: 'PROCS', align: 'right', cell: ({ container }) => String(container.processes) },
  { title: 'PIDS', align: 'right', cell: ({ container }) => formatPids(container), optional: true },
  { title: 'MEMORY', align: 'right', cell: ({ container }) => formatMemory(container) },
  {
    title: 'CPU',
    align: 'right',
    cell: ({ container: { stats } }) => (stats.cpuMs === undefined ? '-' : formatDuration(stats.cpuMs)),
    optional: true,
  },
  { title: 'COMMAND', cell: ({ container }) => quoteCommand(container.command), min: 12 },
];

function formatPids({ stats }: Row['container']): string {
  return withLimit(String(stats.pids ?? stats.processes), stats.pidsMax, String);
}

function formatMemory({ stats, estimatedMemoryBytes }: Row['container']): string {
  const { memoryBytes, memoryMaxBytes } = stats;
  if (memoryBytes !== undefined) return withLimit(formatSize(memoryBytes), memoryMaxBytes, formatSize);
  return estimatedMemoryBytes === undefined ? '-' : `~${formatSize(estimatedMemoryBytes)}`;
}

function withLimit(used: string, limit: number | undefined, format: (number: number) => string): string {
  return limit === undefined ? used : `${used}/${format(limit)}`;
}
