import { isatty } from 'node:tty';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerTree } from '../../container/tree.js';
import { NotFoundError } from '../../errors/state-errors.js';
import { formatDuration } from '../../util/duration.js';
import { escapeJson } from '../escape.js';
import { EXIT } from '../exit-codes.js';
import { INTERVAL, readInterval } from '../flags/interval.js';
import { fitScreen, showLive } from '../live.js';
import { outputWidth, printJson, printOut } from '../print.js';
import { countContainers } from '../stats/live.js';
import { painter } from '../style.js';
import { formatTable } from '../table.js';
import { COLUMNS } from '../tree/columns.js';
import { listRows } from '../tree/rows.js';
import type { Verb, VerbCall } from '../verb.js';

interface TreeFlags {
  readonly watch?: true;
  readonly interval?: number;
  readonly json?: true;
}

type Look = () => readonly ContainerTree[];

/** `corral tree` */
export const tree: Verb = {
  operands: '[name...]',
  description: 'Shows containers with those that they hold: all of this user, or those that are named.',
  flags: {
    watch: { flags: '--watch', help: 'again and again, on the whole terminal', group: 'How often', value: true },
    interval: INTERVAL,
    json: {
      flags: '--json',
      help: 'as JSON; with --watch, each look is one line',
      group: 'Output',
      value: true,
    },
  },
  notes: `All figures of a container include those of the containers that it holds. From
inside a container, only what is below it is seen. ~ stands before an estimate:
what processes have for themselves alone, where no cgroup counts their memory.`,
  examples: [
    ['corral tree', 'all of them'],
    ['corral tree --watch ci', 'one, live; q ends it'],
    ['corral kill ci/build', 'a container in a container, with all below it'],
  ],
  act: showTree,
};

async function showTree({ operands, options, context }: VerbCall<TreeFlags>): Promise<number> {
  const { json, watch, interval } = options;
  const intervalMs = readInterval(interval);
  const { Containers } = await import('../../container/containers.js');
  const containers = new Containers(context);
  const names = [...new Set(operands)];
  const look: Look = () => containers.tree(names);
  const first = look();
  if (watch !== true) await printTree(first, json === true);
  else {
    const watched = { look: orNothing(look, names), intervalMs, endsEmpty: names.length > 0 };
    if (json === true || !isatty(1)) await printSeries(watched, json === true);
    else await showWatched(watched);
  }
  return EXIT.ok;
}

/** Those that are named may end while they are watched. */
function orNothing(look: Look, names: readonly string[]): Look {
  return () => {
    try {
      return look();
    } catch (error) {
      if (names.length > 0 && error instanceof NotFoundError) return [];
      throw error;
    }
  };
}

async function printTree(containers: readonly ContainerTree[], json: boolean): Promise<boolean> {
  if (!json) return printOut(await format(containers, outputWidth()));
  printJson(containers);
  return true;
}

interface Watched {
  readonly look: Look;
  readonly intervalMs: number;
  /** When nothing is there any more, nothing will be. */
  readonly endsEmpty: boolean;
}

async function printSeries({ look, intervalMs, endsEmpty }: Watched, json: boolean): Promise<void> {
  for (;;) {
    const containers = look();
    const isRead = json
      ? printOut(`${escapeJson(JSON.stringify(containers))}\n`)
      : printOut(await format(containers, outputWidth()));
    if (!isRead || (endsEmpty && containers.length === 0)) return;
    await delay(intervalMs);
  }
}

async function showWatched({ look, intervalMs, endsEmpty }: Watched): Promise<void> {
  const paint = painter(1);
  let containers = look();
  await showLive({
    intervalMs,
    refresh: () => {
      containers = look();
      return !endsEmpty || containers.length > 0;
    },
    render: async (size) => {
      const count = countContainers(listRows(containers).length);
      const footer = `${count}, every ${formatDuration(intervalMs)}; q ends it`;
      return fitScreen(await format(containers, size.columns), footer, size, (text) => paint('dim', text));
    },
  });
}

function format(containers: readonly ContainerTree[], width: number): Promise<string> {
  return formatTable(listRows(containers), COLUMNS, { width, paint: painter(1) });
}
