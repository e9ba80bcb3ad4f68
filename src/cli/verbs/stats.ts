import { isatty } from 'node:tty';
import { setTimeout as delay } from 'node:timers/promises';
import { escapeJson } from '../escape.js';
import { EXIT } from '../exit-codes.js';
import { INTERVAL, readInterval } from '../flags/interval.js';
import { outputWidth, printJson, printOut } from '../print.js';
import { COLUMNS } from '../stats/columns.js';
import { showLive } from '../live.js';
import { liveStats } from '../stats/live.js';
import { type Sample, type Source, type Use, compareSamples, takeSample, useToJson } from '../stats/sample.js';
import { painter } from '../style.js';
import { formatTable } from '../table.js';
import type { Verb, VerbCall } from '../verb.js';

interface StatsFlags {
  readonly stream?: boolean;
  readonly interval?: number;
  readonly json?: true;
}

const GROUP = 'How often';
/** `corral stats` */
export const stats: Verb = {
  operands: '[name...]',
  description: 'Shows what containers use: all of this user, or those that are named. On a terminal, again and again.',
  flags: {
    stream: {
      flags: '--no-stream',
      help: 'once, as it is where output is no terminal, and with --json',
      group: GROUP,
      value: false,
      opposite: '--stream',
    },
    interval: INTERVAL,
    json: {
      flags: '--json',
      help: 'as JSON; with --stream, each look is one line',
      group: 'Output',
      value: true,
    },
  },
  notes: `CPU % is the time used between two looks: 100% is all of one CPU. READ/WRITTEN
is what has gone from and to disks since the start, PEAK the most memory at one
time. STALLED is the part of the last ten seconds in which something had to wait
for a CPU, for memory, for a disk. "-" stands for a limit that is not set, and
for a figure that this host does not have. Where the line is too short, columns
on the right are left out; --json has all of it.

q or Ctrl-C ends it, and so does the end of all containers that are named.`,
  examples: [
    ['corral stats', 'all of them, as they come and go'],
    ['corral stats --no-stream web', 'once'],
    ['corral stats --stream --json --interval 10s >> use.jsonl', 'for programs, again and again'],
  ],
  act: showStats,
};

async function showStats({ operands, options, context }: VerbCall<StatsFlags>): Promise<number> {
  const { json, stream, interval } = options;
  const intervalMs = readInterval(interval);
  const { Fleet } = await import('../fleet.js');
  const fleet = await Fleet.open(context);
  const names = [...new Set(operands)];
  for (const name of names) {
    await fleet.checkUp('read the stats of', name);
    if (!fleet.isOutOfSight(name)) fleet.running.get(name);
  }
  const source: Source = { look: () => takeSample(fleet, names), isOver: isOver(names), intervalMs };
  const onTerminal = isatty(1) && process.env['TERM'] !== 'dumb' && json !== true;
  if (!(stream ?? onTerminal)) await printOnce(source, json === true);
  else if (onTerminal) await showLive(await liveStats(source));
  else await printSeries(source, json === true);
  return EXIT.ok;
}

/** Without names there may always be another container. */
function isOver(names: readonly string[]): (sample: Sample) => boolean {
  return ({ containers }) => names.length > 0 && containers.length === 0;
}

async function printOnce({ look, intervalMs }: Source, json: boolean): Promise<void> {
  const first = await look();
  if (first.containers.length > 0) await delay(intervalMs);
  await printUses(compareSamples(first.containers.length > 0 ? await look() : first, first), json);
}

async function printSeries({ look, isOver, intervalMs }: Source, json: boolean): Promise<void> {
  let isRead = true;
  for (let before = await look(); isRead && !isOver(before);) {
    await delay(intervalMs);
    const now = await look();
    const uses = compareSamples(now, before);
    if (json) isRead = printOut(`${escapeJson(JSON.stringify(uses.map(useToJson)))}\n`);
    else if (!isOver(now)) isRead = printOut(await formatUses(uses));
    before = now;
  }
}

async function printUses(uses: readonly Use[], json: boolean): Promise<void> {
  if (json) printJson(uses.map(useToJson));
  else printOut(await formatUses(uses));
}

function formatUses(uses: readonly Use[]): Promise<string> {
  return formatTable(uses, COLUMNS, { width: outputWidth(), paint: painter(1) });
}
