import { formatDuration } from '../../../util/duration.js';
import { formatSize } from '../../../util/size.js';
import { escapeControls } from '../../escape.js';
import { quoteCommand } from '../../quote.js';
import { formatIo, formatMemory, formatPercent, formatPids, statusTone } from './cells.js';
import { countEntries, selectShown } from './rows.js';
import type { Segment } from './segments.js';
import type { Entry } from './types.js';
import type { ViewState } from './view-state.js';

type Line = readonly Segment[];

/** Returns the first line: what all containers use together, and how they are ordered. */
export function summaryLine(entries: readonly Entry[], state: ViewState, intervalMs: number): Line {
  const shown = selectShown(entries, state);
  const count = countEntries(shown);
  const hidden = entries.length - shown.length;
  const sum = (figure: (entry: Entry) => number | undefined): number =>
    entries.reduce((total, entry) => total + (figure(entry) ?? 0), 0);
  const oomKills = sum((entry) => entry.oomKills);
  return [
    { text: 'corral top', tone: 'bold' },
    { text: `  ${String(count)} ${count === 1 ? 'container' : 'containers'}` },
    ...(hidden === 0 ? [] : [{ text: `, ${String(hidden)} ended`, tone: 'dim' } as const]),
    { text: `  cpu ${formatPercent(sum(({ cpuPercent }) => cpuPercent))}%` },
    { text: `  memory ${formatSize(sum(({ memoryBytes }) => memoryBytes))}` },
    { text: `  by ${state.sort}${state.reversed ? ', reversed' : ''}`, tone: 'cyan' },
    ...(state.filter === '' ? [] : [{ text: `  /${escapeControls(state.filter)}`, tone: 'yellow' } as const]),
    ...(oomKills === 0 ? [] : [{ text: `  OOM ${String(oomKills)}`, tone: 'red' } as const]),
    { text: `  every ${formatDuration(intervalMs)}`, tone: 'dim' },
  ];
}

const KEYS_OF_LIST = '? help  / filter  o order  a all  enter details  k kill  s stop  P pause  q quit';
const KEYS_OF_DETAILS = 'esc back  k kill  s stop  P pause  arrows scroll  ? help  ctrl-c quit';

/** Returns the last line: what is asked, what became of it, or which keys there are. */
export function footerLine({ mode, asked, filter, message }: ViewState): Line {
  if (asked !== undefined)
    return [{ text: `${asked.action} ${asked.path}? y: yes, any other key: no`, tone: 'yellow' }];
  if (mode === 'filter') return [{ text: `filter: ${escapeControls(filter)}▏`, tone: 'yellow' }];
  if (message !== undefined) return [{ text: escapeControls(message.text), tone: message.failed ? 'red' : 'green' }];
  const keys = mode === 'list' ? KEYS_OF_LIST : mode === 'help' ? 'any key goes back' : KEYS_OF_DETAILS;
  return [{ text: keys, tone: 'dim' }];
}

/** What is asked for where the details of one container are shown. */
export interface Details {
  /** Limits in words: `memory` → `64M`. */
  readonly limits: readonly (readonly [what: string, limit: string])[];
  /** The table of its processes, title first, as wide as the terminal. */
  readonly processes: readonly string[];
  /** What has become of it lately, the latest last. */
  readonly events: readonly { readonly time: string; readonly text: string }[];
}

const NONE: Details = { limits: [], processes: [], events: [] };

/** How many events are shown. */
const EVENTS = 10;

/** Returns the lines of one container's details. */
export function detailLines(entry: Entry, { limits, processes, events }: Details = NONE): readonly Line[] {
  const [title, ...rows] = processes;
  return [
    [{ text: entry.path, tone: 'bold' }, { text: '  ' }, { text: entry.status, tone: statusTone(entry.status) }],
    ...fieldLines(factsOf(entry)),
    ...section('Uses', fieldLines(usesOf(entry))),
    ...section('Limits', fieldLines(limits)),
    ...section(
      'Last events',
      events
        .slice(-EVENTS)
        .map(({ time, text }) => [{ text: `${time}  `, tone: 'dim' }, { text: escapeControls(text) }]),
    ),
    ...section('Processes', title === undefined ? [] : [[{ text: title }], ...rows.map((text) => [{ text }])]),
  ];
}

type Field = readonly [what: string, value: string | undefined];

function factsOf(entry: Entry): readonly Field[] {
  const labels = Object.entries(entry.labels).map(([key, value]) => `${key}=${value}`);
  return [
    ['command', quoteCommand(entry.command)],
    ['pid', entry.pid === undefined ? undefined : String(entry.pid)],
    ['age', entry.ageMs === undefined ? undefined : formatDuration(entry.ageMs)],
    ['labels', labels.length === 0 ? undefined : escapeControls(labels.join(', '))],
    ['restarts', entry.restarts === undefined ? undefined : String(entry.restarts)],
    ['health', entry.health],
    ['OOM kills', entry.oomKills === 0 ? undefined : String(entry.oomKills)],
  ];
}

function usesOf(entry: Entry): readonly Field[] {
  const { pressurePercent } = entry;
  return [
    ['cpu', `${formatPercent(entry.cpuPercent)} %`],
    ['memory', formatMemory(entry)],
    ['pids', formatPids(entry)],
    ['read/write', entry.readRate === undefined ? undefined : `${formatIo(entry)} a second`],
    ['stalled', pressurePercent === undefined ? undefined : `${formatPercent(pressurePercent)} % of the time`],
  ];
}

function fieldLines(fields: readonly Field[]): readonly Line[] {
  return fields.flatMap(([what, value]) =>
    value === undefined ? [] : [[{ text: `  ${what.padEnd(12)}`, tone: 'dim' } as const, { text: value }]],
  );
}

function section(title: string, lines: readonly Line[]): readonly Line[] {
  return lines.length === 0 ? [] : [[], [{ text: title, tone: 'bold' }], ...lines];
}

const HELP: readonly (readonly [keys: string, meaning: string])[] = [
  ['up, down', 'select a container; also page up, page down, home, end'],
  ['left, right', 'hide, show what a container holds;  -, +: of all'],
  ['enter', 'details: limits, processes, last events; esc goes back'],
  ['/', 'filter by name, or label (KEY=VALUE); enter keeps it, esc drops it'],
  ['a', 'show those that have ended, too; again: hide them'],
  ['c', 'order by CPU time'],
  ['m', 'order by memory'],
  ['p', 'order by processes and threads (pids)'],
  ['w', 'order by pressure: waiting for a CPU, or for memory'],
  ['n', 'order by name;  o: the next order;  r: the reverse'],
  ['k', 'kill: every process of it; asks first'],
  ['s', 'stop: asks it to end, and kills it after its grace period; asks first'],
  ['P', 'pause it, or let it go on'],
  ['ctrl-z', 'stop corral top itself; fg goes on'],
  ['ctrl-l', 'draw anew'],
  ['q, ctrl-c', 'quit'],
];

const LEGEND: readonly string[] = [
  'All figures of a container include those of the containers that it holds.',
  'CPU %: 100 is all of one CPU. ~: an estimate. PRESSURE: how much of the time',
  'something had to wait for a CPU or for memory, of the last looks. OOM: processes',
  'that the kernel has killed for want of memory. ↻: restarts by the supervisor.',
];

/** Returns the lines of the help. */
export function helpLines(): readonly Line[] {
  return [
    [{ text: 'Keys', tone: 'bold' }],
    ...HELP.map(([keys, meaning]) => [{ text: `  ${keys.padEnd(13)}`, tone: 'cyan' } as const, { text: meaning }]),
    [],
    ...LEGEND.map((text) => [{ text, tone: 'dim' } as const]),
  ];
}
