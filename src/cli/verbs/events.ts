import { OptionError } from '../../errors/option-error.js';
import { closest } from '../../util/closest.js';
import { formatSize } from '../../util/size.js';
import { escapeControls, escapeJson } from '../escape.js';
import { EXIT, exitCodeOfEnd } from '../exit-codes.js';
import { parseFilters } from '../filter.js';
import { watchFleet } from '../fleet-events.js';
import { list } from '../flags/readers.js';
import { printOut } from '../print.js';
import { quoteCommand } from '../quote.js';
import { type Style, painter } from '../style.js';
import { UsageError } from '../usage-error.js';
import type { SupervisedEvent as Event } from '../../supervisor/events.js';
import { formatDuration } from '../../util/duration.js';
import type { Verb, VerbCall } from '../verb.js';

interface EventsFlags {
  readonly filter?: readonly string[];
  readonly untilExit?: true;
  readonly json?: true;
}

type Type = Event['type'];

/** How each type looks on a terminal. */
const TYPES: Readonly<Record<Type, Style>> = {
  created: 'cyan',
  started: 'green',
  updated: 'cyan',
  frozen: 'yellow',
  thawed: 'green',
  oom: 'red',
  killed: 'red',
  populated: 'dim',
  exited: 'bold',
  restarting: 'yellow',
  health: 'cyan',
  adopted: 'cyan',
  removed: 'dim',
};

/** `corral events` */
export const events: Verb = {
  operands: '[name...]',
  names: 'known',
  description:
    'Tells what becomes of containers, from now on: of all of this user, or of those that are named, whether or not they are there yet.',
  flags: {
    filter: {
      flags: '--filter <FILTER>',
      values: [...Object.keys(TYPES).map((type) => `event=${type}`), 'label=', 'name='],
      help: 'only what fits: event=TYPE, label=KEY, label=KEY=VALUE, name=TEXT',
      group: 'Which',
      read: list,
    },
    untilExit: {
      flags: '--until-exit',
      help: 'end when each of those that are named has exited',
      group: 'Which',
      value: true,
    },
    json: { flags: '--json', help: 'as JSON, an object on each line', group: 'Output', value: true },
  },
  notes: `TYPE is one of:
  created    its start is under way
  started    its command runs
  updated    it has other limits
  frozen     all its processes stand still: corral pause, or a signal to them all
  thawed     they go on
  oom        the out-of-memory killer has taken processes of it
  killed     somebody has set out to kill it, or its time was up
  populated  no process is left in it
  exited     it has ended, and nothing of it is left
and of corral run -d also one of:
  restarting  it is started again in a while
  health      it is healthy, or is not any more
  adopted     a new supervisor goes on with it
  removed     it is forgotten
Of several filters, all labels must fit, and one of the types and of the names.

Ctrl-C ends it. It takes no CPU time while nothing happens.`,
  examples: [
    ['corral events', 'everything'],
    ['corral events --filter event=oom --json', 'for programs: who ran out of memory'],
    ['corral events --until-exit job7', 'the life of one, started before or after'],
  ],
  act: showEvents,
};

async function showEvents({ operands, options, context }: VerbCall<EventsFlags>): Promise<number> {
  const { filter = [], untilExit, json } = options;
  const names = [...new Set(operands)];
  if (untilExit === true && names.length === 0)
    throw new UsageError('NAME is missing', '--until-exit needs to know of whom');
  const fits = parseEventFilters(filter);
  const rest = new Set(names);
  const print = json === true ? printJsonLine : printLine;
  for await (const event of watchFleet(context, names)) {
    // Nobody reads on.
    if (fits(event) && !print(event)) break;
    if (event.type === 'exited') rest.delete(event.id);
    if (untilExit === true && rest.size === 0) break;
  }
  return EXIT.ok;
}

function parseEventFilters(filters: readonly string[]): (event: Event) => boolean {
  const own = filters.filter((filter) => /^(event|type)=/.test(filter));
  const types = own.map((filter) => parseType(filter.slice(filter.indexOf('=') + 1), filter));
  const others = filters.filter((filter) => !own.includes(filter));
  const strange = others.find((filter) => !/^(label|name)=/.test(filter));
  if (strange !== undefined) throw new OptionError('filter', strange, 'a filter: there are event=…, label=…, name=…');
  const fits = parseFilters(others);
  return ({ id, labels, type }) =>
    (types.length === 0 || types.includes(type)) && fits({ id, labels, status: 'running' });
}

function parseType(type: string, filter: string): Type {
  const known = Object.keys(TYPES) as Type[];
  const found = known.find((one) => one === type);
  if (found !== undefined) return found;
  const meant = closest(type, known);
  const hint = meant === undefined ? {} : { hint: `did you mean event=${meant}?` };
  throw new OptionError('filter', filter, `a type of event: there are ${known.join(', ')}`, hint);
}

function printJsonLine(event: Event): boolean {
  return printOut(`${escapeJson(JSON.stringify(event))}\n`);
}

function printLine(event: Event): boolean {
  const paint = painter(1);
  const details = describeDetails(event);
  const type = paint(TYPES[event.type], event.type);
  return printOut(`${event.time}  ${event.id}  ${type}${details === '' ? '' : `  ${escapeControls(details)}`}\n`);
}

/** Returns what an event says besides its type, in words; empty where that is nothing. It may hold control characters. */
export function describeDetails(event: Event): string {
  switch (event.type) {
    case 'created':
      return event.command === undefined ? '' : quoteCommand(event.command);
    case 'started':
      return event.pid === undefined ? '' : `pid ${String(event.pid)}`;
    case 'oom':
      return event.oomKills === 1 ? '1 process killed' : `${String(event.oomKills)} processes killed`;
    case 'updated':
      return describeLimits(event.limits);
    case 'populated':
      return '0';
    case 'exited':
      return describeEnd(event);
    case 'restarting':
      return `in ${formatDuration(Math.max(0, Date.parse(event.nextStart) - Date.parse(event.time)))}`;
    case 'health':
      return event.health;
    default:
      return '';
  }
}

function describeLimits({ memoryMaxBytes, cpus, pidsMax }: Extract<Event, { type: 'updated' }>['limits']): string {
  const parts = [
    memoryMaxBytes === undefined ? '' : `memory ${formatSize(memoryMaxBytes)}`,
    cpus === undefined ? '' : `cpus ${String(cpus)}`,
    pidsMax === undefined ? '' : `pids ${String(pidsMax)}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function describeEnd(event: Extract<Event, { type: 'exited' }>): string {
  const code = exitCodeOfEnd(event);
  if (code === undefined) return 'nobody knows how';
  return `exit code ${String(code)}${typeof event.signal === 'string' ? `, ${event.signal}` : ''}`;
}
