import { formatAge } from '../../../util/duration.js';
import { formatSize } from '../../../util/size.js';
import { quoteCommand } from '../../quote.js';
import type { Row } from './rows.js';
import { type Segment, type Tone, drawBar, drawSparks } from './segments.js';
import type { Entry } from './types.js';

type Cell = (row: Row, width: number) => readonly Segment[];

const STATUS_TONES: Readonly<Partial<Record<string, Tone>>> = {
  created: 'cyan',
  creating: 'cyan',
  starting: 'cyan',
  running: 'green',
  paused: 'yellow',
  stopping: 'yellow',
  waiting: 'yellow',
  stopped: 'dim',
  exited: 'dim',
  removing: 'dim',
  abandoned: 'red',
};

const HEALTH_TONES: Readonly<Partial<Record<string, Tone>>> = {
  starting: 'cyan',
  healthy: 'green',
  unhealthy: 'red',
};

export const name: Cell = ({ entry, branches, folded, around }) => {
  const mark = entry.containers.length === 0 ? '' : folded ? '▸ ' : '▾ ';
  const tone = around ? 'dim' : entry.oomKills > 0 ? 'red' : undefined;
  return [
    { text: branches, tone: 'dim' },
    { text: mark, tone: 'cyan' },
    { text: entry.id, tone },
  ];
};

export const status: Cell = ({ entry }) => [{ text: entry.status, tone: statusTone(entry.status) }];

/** Returns how a status looks. */
export function statusTone(text: string): Tone | undefined {
  return STATUS_TONES[text];
}

export const cpu: Cell = ({ entry }) => [{ text: formatPercent(entry.cpuPercent) }];

const BAR = 5;

export const memory: Cell = ({ entry }, width) => {
  const part = partOf(entry.memoryBytes, entry.memoryMaxBytes);
  const bar = part === undefined ? '' : drawBar(part, BAR);
  const figures = formatMemory(entry);
  return [{ text: figures.padStart(width - BAR - 1) }, { text: ' ' }, { text: bar.padEnd(BAR), tone: levelTone(part) }];
};

export const pids: Cell = ({ entry }) => [
  {
    text: formatPids(entry),
    tone: levelTone(partOf(entry.pids, entry.pidsMax)),
  },
];

export const pressure: Cell = ({ entry }, width) => {
  const now = entry.pressurePercent ?? 0;
  const tone = now >= 50 ? 'red' : now >= 10 ? 'yellow' : 'dim';
  // The latest is at the right end, however many there are.
  return [{ text: drawSparks(entry.pressures, width).padStart(width), tone }];
};

export const io: Cell = ({ entry }) => [{ text: formatIo(entry) }];

export const marks: Cell = ({ entry }) => [
  { text: entry.oomKills > 0 ? `OOM ${String(entry.oomKills)} ` : '', tone: 'red' },
  { text: (entry.restarts ?? 0) > 0 ? `↻${String(entry.restarts)}` : '', tone: 'yellow' },
];

export const health: Cell = ({ entry }) => [{ text: entry.health ?? '', tone: HEALTH_TONES[entry.health ?? ''] }];

export const age: Cell = ({ entry }) => [{ text: entry.ageMs === undefined ? '' : formatAge(entry.ageMs) }];

export const command: Cell = ({ entry }) => [{ text: quoteCommand(entry.command), tone: 'dim' }];

/** `12.3`, or `-` where it cannot be told. */
export function formatPercent(percent: number | undefined): string {
  return percent === undefined ? '-' : percent.toFixed(1);
}

/** `12M/64M`; `~12M` for an estimate. */
export function formatMemory({ memoryBytes, memoryEstimated, memoryMaxBytes }: Entry): string {
  if (memoryBytes === undefined) return '-';
  const used = `${memoryEstimated ? '~' : ''}${formatSize(memoryBytes)}`;
  return memoryMaxBytes === undefined ? used : `${used}/${formatSize(memoryMaxBytes)}`;
}

/** `3/20` */
export function formatPids({ pids: used, processes, pidsMax }: Entry): string {
  return `${String(used ?? processes)}${pidsMax === undefined ? '' : `/${String(pidsMax)}`}`;
}

/** Read and written bytes a second: `1.2M/0`. */
export function formatIo({ readRate, writeRate }: Entry): string {
  return readRate === undefined || writeRate === undefined ? '-' : `${formatSize(readRate)}/${formatSize(writeRate)}`;
}

function partOf(used: number | undefined, limit: number | undefined): number | undefined {
  return used === undefined || limit === undefined || limit === 0 ? undefined : used / limit;
}

/** Nearly at its limit, or on the way there. */
function levelTone(part: number | undefined): Tone | undefined {
  if (part === undefined || part < 0.75) return undefined;
  return part < 0.9 ? 'yellow' : 'red';
}
