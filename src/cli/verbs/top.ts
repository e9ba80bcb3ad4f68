import { isatty } from 'node:tty';
import { setTimeout as delay } from 'node:timers/promises';
import type { Containers } from '../../container/containers.js';
import { EXIT } from '../exit-codes.js';
import { INTERVAL, readInterval } from '../flags/interval.js';
import { outputWidth, printJson, printOut } from '../print.js';
import { PROCESS_COLUMNS } from '../process-table.js';
import { painter } from '../style.js';
import { formatTable } from '../table.js';
import { NO_HISTORY, advance } from '../top/model/history.js';
import { selectShown } from '../top/model/rows.js';
import { entriesToJson, formatEntries } from '../top/print.js';
import { ContainerSource } from '../top/source.js';
import { OptionalSupervisor } from '../top/supervisor.js';
import { UsageError } from '../usage-error.js';
import type { Verb, VerbCall, VerbContext } from '../verb.js';

interface TopFlags {
  readonly all?: true;
  readonly interval?: number;
  readonly once?: true;
  readonly processes?: true;
  readonly json?: true;
}

const WHAT = 'What';

/** `corral top` */
export const top: Verb = {
  operands: '[name...]',
  names: 'known',
  description:
    'Shows containers live, with those that they hold: all of this user, or those that are named. Keys order, filter, fold, kill; ? explains them.',
  flags: {
    all: { flags: '-a, --all', help: 'those that have ended, and are kept, too', group: WHAT, value: true },
    interval: { ...INTERVAL, flags: '-n, --interval <TIME>' },
    once: {
      flags: '--once',
      help: 'print one table, as it is where output is no terminal, and with --json',
      group: INTERVAL.group,
      value: true,
    },
    processes: {
      flags: '--processes',
      help: 'print the processes of one container instead, once',
      group: WHAT,
      value: true,
    },
    json: { flags: '--json', help: 'as JSON, once', group: 'Output', value: true },
  },
  notes: `CPU % is the time used between two looks: 100 is all of one CPU. PRESSURE has a
bar for each of the last looks: how much of the time something had to wait for a
CPU or for memory. OOM counts the processes that the kernel has killed for want
of memory, ↻ the restarts by the supervisor. All figures of a container include
those of the containers that it holds. With one name, its details come first.

Of a process, PID and USER are as the host numbers them; beside each is what the
container calls it.`,
  examples: [
    ['corral top', 'everything, live; q ends it'],
    ['corral top -n 5s web db', 'two of them, every five seconds'],
    ['corral top --processes web', 'what docker top shows'],
    ['corral top --json', 'for programs'],
  ],
  act: showTop,
};

async function showTop({ operands, options, context }: VerbCall<TopFlags>): Promise<number> {
  const { json, once, processes, interval, all } = options;
  const intervalMs = readInterval(interval);
  const names = [...new Set(operands)];
  if (processes === true && names.length !== 1) throw new UsageError('--processes is of one container: give one name');
  if (processes === true) return printProcesses(names[0] ?? '', context, json === true);
  const module = await import('../../container/containers.js');
  const containers: Containers = new module.Containers(context);
  using supervisor = new OptionalSupervisor(context);
  const source = new ContainerSource(containers, { names, context, supervisor });
  await source.check();
  const onTerminal = isatty(1) && process.env['TERM'] !== 'dumb';
  const view = { source, intervalMs, hidesEnded: all !== true && names.length === 0 };
  if (json === true || once === true || !onTerminal) await printOnce(view, json === true);
  else await showLive({ ...view, details: names.length === 1 ? names[0] : undefined });
  return EXIT.ok;
}

interface View {
  readonly source: ContainerSource;
  readonly intervalMs: number;
  readonly hidesEnded: boolean;
}

async function showLive({ source, ...view }: View & { readonly details: string | undefined }): Promise<void> {
  // The view brings a library of its own: nobody else is to wait for that.
  const { showTop: show } = await import('../top/ink-view.js');
  const end = new AbortController();
  const watched = source.watch(end.signal);
  // What goes wrong there is told of below: while the view is on the terminal, there is no place for it.
  watched.catch(() => undefined);
  try {
    await show({ source, ...view, paint: painter(1) });
  } finally {
    end.abort();
    await watched;
  }
}

async function printOnce({ source, intervalMs, hidesEnded }: View, json: boolean): Promise<void> {
  const first = await source.look();
  // Rates are of the time between two looks.
  if (first.containers.length > 0) await delay(intervalMs);
  const { history } = advance(NO_HISTORY, first);
  const entries = selectShown(advance(history, await source.look()).entries, { hidesEnded });
  if (json) printJson(entriesToJson(entries));
  else printOut(await formatEntries(entries));
}

async function printProcesses(name: string, context: VerbContext, json: boolean): Promise<number> {
  const { Fleet } = await import('../fleet.js');
  const processes = await (await Fleet.open(context)).processes(name);
  if (json) printJson(processes);
  else printOut(await formatTable(processes, PROCESS_COLUMNS, { width: outputWidth(), paint: painter(1) }));
  return EXIT.ok;
}
