import { readFileSync } from 'node:fs';
import type { Command, HelpConfiguration } from 'commander';
import type { Verb } from './verb.js';

/** The looks of the help: `--memory SIZE` under headings, with the long flags in one column. */
export const HELP: HelpConfiguration = {
  optionTerm: ({ flags, short }) => `${short === undefined ? '    ' : ''}${plain(flags)}`,
  subcommandTerm: (verb) => verb.name(),
  commandUsage: usage,
  styleTitle: (title) => `\u001b[1m${title}\u001b[22m`,
};

/** Returns what stands below a verb's flags. */
export function helpEnd({ examples, notes }: Pick<Verb, 'examples' | 'notes'>): string {
  const lines = examples.flatMap(([line, meaning]) => [`  # ${meaning}`, `  ${line}`, '']);
  return [...(notes === undefined ? [] : ['', notes]), '', 'Examples:', ...lines.slice(0, -1)].join('\n');
}

/** Returns the package's version. */
export function readVersion(): string {
  const text = readFileSync(`${import.meta.dirname}/../../package.json`, 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

// <SIZE> is how commander wants it written, SIZE how manual pages do.
function plain(flags: string): string {
  return flags.replace(/[<>]/g, '');
}

function usage(command: Command): string {
  const operands = command.registeredArguments.map((argument) => {
    const word = `${argument.name().toUpperCase()}${argument.variadic ? '...' : ''}`;
    return argument.required ? word : `[${word}]`;
  });
  const name = command.parent === null ? 'corral' : `corral ${command.name()}`;
  return [name, '[OPTION...]', ...(command.parent === null ? ['VERB ...'] : operands)].join(' ');
}
