import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { type Command, Help, type HelpConfiguration, type OutputConfiguration } from 'commander';
import { errorWidth, outputWidth } from './print.js';
import { hasColors } from './style.js';
import type { Verb } from './verb.js';

/** The looks of the help: `--memory SIZE` under headings, with the long flags in one column. */
export const HELP: HelpConfiguration = {
  optionTerm: ({ flags, short }) => `${short === undefined ? '    ' : ''}${plain(flags)}`,
  subcommandTerm: (verb) => verb.name(),
  commandUsage: usage,
  styleTitle: bold,
  formatHelp,
};

/** What the help is fitted to: asking process.stdout would turn a pipe non-blocking, see print.ts. */
export const HELP_OUTPUT: OutputConfiguration = {
  getOutHelpWidth: () => helpWidth(outputWidth()),
  getErrHelpWidth: () => helpWidth(errorWidth()),
  getOutHasColors: () => hasColors(isatty(1), process.env),
  getErrHasColors: () => hasColors(isatty(2), process.env),
};

/** Returns what stands below a verb's flags. */
export function helpEnd({ examples, notes }: Pick<Verb, 'examples' | 'notes'>): string {
  const lines = examples.flatMap(([line, meaning]) => [dim(`  # ${meaning}`), `  ${line}`, '']);
  const above = notes === undefined ? [] : ['', notes.replace(/^\S.*:$/gm, bold)];
  return [...above, '', bold('Examples:'), ...lines.slice(0, -1)].join('\n');
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

// The overview is about verbs: they come before the flags that all of them have.
function formatHelp(command: Command, helper: Help): string {
  const usual = Help.prototype.formatHelp.bind(helper);
  if (command.parent !== null) return usual(command, helper);
  const width = helper.padWidth(command, helper);
  const verbs = Object.assign(Object.create(helper) as Help, { visibleOptions: () => [], padWidth: () => width });
  const flags = helper
    .visibleOptions(command)
    .map((option) => helper.formatItem(helper.optionTerm(option), width, helper.optionDescription(option), helper));
  return [usual(command, verbs), bold('Everywhere:'), ...flags, ''].join('\n');
}

/** Longer lines are hard to read, however wide the terminal is. */
const MAX_WIDTH = 100;
const DEFAULT_WIDTH = 80;

function helpWidth(columns: number): number {
  return columns === Infinity ? DEFAULT_WIDTH : Math.min(columns, MAX_WIDTH);
}

// Commander takes the codes out again where there are no colours.
function bold(text: string): string {
  return `\u001b[1m${text}\u001b[22m`;
}

function dim(text: string): string {
  return `\u001b[2m${text}\u001b[22m`;
}
