import { isatty } from 'node:tty';
import { OptionError } from '../../errors/option-error.js';
import { escapeControls, escapeJson } from '../escape.js';
import { selectField } from '../field.js';
import type { Reader } from '../flags/flag.js';
import { forEach, outcomesExitCode } from '../outcome.js';
import { printJson, printOut } from '../print.js';
import { printError } from '../report-error.js';
import type { Verb, VerbCall } from '../verb.js';
import { formatJson } from '../../util/json.js';

interface InspectFlags {
  readonly field?: string;
}

const fieldName: Reader = (value, { option }) => {
  if (value !== '') return value;
  throw new OptionError(option, value, 'the name of a field');
};

/** `corral inspect` */
export const inspect: Verb = {
  operands: '<name...>',
  names: 'known',
  description:
    'Prints all that is known of containers as JSON: what they were made from, what the kernel holds them to, what they use.',
  flags: {
    field: {
      flags: '--field <PATH>',
      help: 'only this: status, cgroup.v2.path, spec.mounts.0.source',
      group: 'Output',
      read: fieldName,
    },
  },
  notes: `With --field, text is printed as it is, anything else as JSON, a line for each
container.

Exit code:
  0  all are there
  1  one was not there, or has no such field; the others are printed`,
  examples: [
    ['corral inspect web', 'everything'],
    ['corral inspect --field limits web db', 'the limits in force'],
    ['nsenter -t "$(corral inspect --field pid web)" -n ss -tln', 'its sockets, with a program of the host'],
  ],
  act: inspectContainers,
};

async function inspectContainers({ operands, options, context }: VerbCall<InspectFlags>): Promise<number> {
  const { Fleet } = await import('../fleet.js');
  const containers = await Fleet.open(context);
  const { field } = options;
  const outcomes = await forEach([...new Set(operands)], (id) =>
    containers.inspect(id).then((found) => (field === undefined ? found : selectField(found, field))),
  );
  const found = outcomes.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []));
  if (field === undefined) printJson(found);
  else printOut(found.map((value) => `${formatValue(value)}\n`).join(''));
  for (const outcome of outcomes) if ('error' in outcome) printError(outcome.error);
  return outcomesExitCode(outcomes);
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return escapeJson(formatJson(value));
  return isatty(1) ? escapeControls(value) : value;
}
