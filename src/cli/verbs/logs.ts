import type { LogLine, LogQuery } from '../../supervisor/logs/types.js';
import { LogText } from '../../supervisor/logs/text.js';
import { encodeBytes } from '../../supervisor/api/output.js';
import { defined } from '../../util/defined.js';
import { escapeJson } from '../escape.js';
import { EXIT } from '../exit-codes.js';
import { moment } from '../flags/moment.js';
import { integer } from '../flags/readers.js';
import { printBytes, printOut } from '../print.js';
import type { Verb, VerbCall } from '../verb.js';
import { OptionError } from '../../errors/option-error.js';
import type { Reader } from '../flags/flag.js';

interface LogsFlags extends Pick<LogQuery, 'since' | 'until'> {
  readonly follow?: true;
  readonly tail?: number;
  readonly timestamps?: true;
  readonly json?: true;
}

const lines: Reader = (value, context) => {
  if (value === 'all') return undefined;
  const count = integer(value, context) as number;
  if (count >= 0) return count;
  throw new OptionError(context.option, value, 'a number of lines, or all');
};

/** `corral logs` */
export const logs: Verb = {
  operands: '<name>',
  names: 'kept',
  description:
    'Prints what a container of corral run -d has written: standard output to standard output, and error to error.',
  flags: {
    follow: {
      flags: '-f, --follow',
      help: 'go on as more is written, until it has ended',
      group: 'Which',
      value: true,
    },
    tail: {
      flags: '-n, --tail <LINES>',
      help: 'only the last so many lines (default: all)',
      group: 'Which',
      read: lines,
    },
    since: {
      flags: '--since <TIME>',
      help: 'only from then on: 2026-01-31T12:00:00Z, or how long ago, such as 10m',
      group: 'Which',
      read: moment,
    },
    until: { flags: '--until <TIME>', help: 'only until then, likewise', group: 'Which', read: moment },
    timestamps: { flags: '-t, --timestamps', help: 'each line with its time', group: 'Output', value: true },
    json: { flags: '--json', help: 'as JSON, an object on each line', group: 'Output', value: true },
  },
  notes: `A raw log, which is what there is by default, knows no times, and does not tell
standard output and error apart: corral run -d --log-driver json does.

Ctrl-C ends --follow; the container goes on.`,
  examples: [
    ['corral logs web', 'all that there is'],
    ['corral logs -f -n 10 web', 'the last ten lines, and what comes'],
    ['corral logs -t --since 10m web', 'the last ten minutes, each line with its time'],
  ],
  act: showLogs,
};

async function showLogs({ operands, options, context }: VerbCall<LogsFlags>): Promise<number> {
  const [id = ''] = operands;
  const { follow, timestamps, json, ...query } = options;
  const { Fleet } = await import('../fleet.js');
  const client = await (await Fleet.open(context)).keeper('read the logs of', id);
  const { log } = await client.get(id);
  if (timestamps === true && log.driver !== 'json')
    throw new OptionError('timestamps', true, `possible: the log of ${id} is ${log.driver}, and knows no times`, {
      hint: 'corral run -d --log-driver json keeps them',
    });
  const text = new LogText({ timestamps: timestamps === true });
  const print = (line: LogLine): boolean =>
    json === true ? printJsonLine(line) : printBytes(line.stream === 'stderr' ? 2 : 1, text.format(line));
  for await (const line of client.logs(id, { ...defined(query), follow: follow === true })) {
    // Nobody reads on.
    if (!print(line)) break;
  }
  return EXIT.ok;
}

function printJsonLine({ data, ...rest }: LogLine): boolean {
  return printOut(`${escapeJson(JSON.stringify({ ...rest, data: encodeBytes(data) }))}\n`);
}
