import { formatSize } from '../../util/size.js';
import { STATUS_STYLES } from '../status.js';
import type { Style } from '../style.js';
import type { Column } from '../table.js';
import type { Use } from './sample.js';

type Pressures = Use['stats']['pressure'];

/** The table of `corral stats`. */
export const COLUMNS: readonly Column<Use>[] = [
  { title: 'NAME', cell: ({ id }) => id, min: 12 },
  {
    title: 'STATUS',
    cell: ({ status }) => status,
    style: ({ status }) => STATUS_STYLES[status],
    optional: true,
  },
  { title: 'CPU %', align: 'right', cell: ({ cpuPercent }) => formatPercent(cpuPercent) },
  {
    title: 'MEMORY/LIMIT',
    align: 'right',
    cell: ({ stats }) => formatPair(stats.memoryBytes, stats.memoryMaxBytes, formatSize),
  },
  {
    title: 'MEM %',
    align: 'right',
    cell: (use) => formatPercent(memoryPercent(use)),
    style: (use) => styleFor(memoryPercent(use)),
    optional: true,
  },
  {
    title: 'PIDS/LIMIT',
    align: 'right',
    cell: ({ stats }) => formatPair(stats.pids ?? stats.processes, stats.pidsMax, String),
    style: ({ stats }) => styleFor(percentOf(stats.pids, stats.pidsMax)),
  },
  {
    title: 'READ/WRITTEN',
    align: 'right',
    cell: ({ stats: { io } }) => formatPair(io?.readBytes, io?.writeBytes, formatSize),
    optional: true,
  },
  { title: 'PEAK', align: 'right', cell: ({ stats }) => formatBytes(stats.memoryPeakBytes), optional: true },
  { title: 'SWAP', align: 'right', cell: ({ stats }) => formatBytes(stats.swapBytes), optional: true },
  { title: 'STALLED C/M/IO', align: 'right', cell: ({ stats }) => formatPressure(stats.pressure), optional: true },
];

function formatBytes(bytes: number | undefined): string {
  return bytes === undefined ? '-' : formatSize(bytes);
}

/** Percent of the last ten seconds, to whole numbers: what is below 1 % troubles nobody. */
function formatPressure({ cpu, memory, io }: Pressures): string {
  const all = [cpu, memory, io];
  if (all.every((one) => one === undefined)) return '-';
  return all.map((one) => (one === undefined ? '-' : `${one.someAvg10.toFixed(0)}%`)).join('/');
}

function formatPercent(percent: number | undefined): string {
  return percent === undefined ? '-' : `${percent.toFixed(1)}%`;
}

function formatPair(used: number | undefined, limit: number | undefined, format: (number: number) => string): string {
  return used === undefined ? '-' : `${format(used)}/${limit === undefined ? '-' : format(limit)}`;
}

function memoryPercent({ stats }: Use): number | undefined {
  return percentOf(stats.memoryBytes, stats.memoryMaxBytes);
}

function percentOf(used: number | undefined, limit: number | undefined): number | undefined {
  return used === undefined || limit === undefined || limit === 0 ? undefined : (100 * used) / limit;
}

/** Nearly at its limit, or on the way there. */
function styleFor(percent: number | undefined): Style | undefined {
  if (percent === undefined || percent < 75) return undefined;
  return percent < 90 ? 'yellow' : 'red';
}
