import * as v from 'valibot';
import type { ExecOptions } from '../../container/exec.js';
import { checkEnding } from '../../container/ending.js';
import { OptionError } from '../../errors/option-error.js';
import { OPTION_SHAPES, allOptional, parseShape, recordOf } from '../../spec/options-schema.js';
import type { TerminalSize } from '../../spec/options.js';
import { defined } from '../../util/defined.js';
import { described, flagText, manyTexts, text, texts, time, timeText } from './shapes.js';

/** What is to be run in a container, as a request says it: what goes over the wire. */
export interface ExecWords extends Pick<
  ExecOptions,
  'cwd' | 'user' | 'groups' | 'capAdd' | 'capDrop' | 'terminal' | 'timeout' | 'stopSignal' | 'gracePeriod'
> {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const { terminal } = OPTION_SHAPES;

const SHAPES = {
  command: described(texts, 'The program and its arguments.'),
  env: described(recordOf(text), 'Variables of the environment.'),
  cwd: described(text, 'Working directory. Default: that of its first command'),
  user: described(text, 'USER[:GROUP], names or ids. Default: that of its first command'),
  groups: described(texts, 'Additional groups, with user.'),
  capAdd: described(texts, 'Capabilities beyond those of its first command.'),
  capDrop: described(texts, 'Capabilities to do without.'),
  terminal: described(terminal, 'A terminal in place of the streams.'),
  timeout: described(time, 'Ends it after this time.'),
  stopSignal: described(text, 'What a timeout sends first. Default: it is killed at once'),
  gracePeriod: described(time, 'From that signal to the kill. Default: 10s'),
};

/** The schema of what is to be run. */
const EXEC_SCHEMA = allOptional(SHAPES);

/** The same in a query. */
export const EXEC_QUERY = {
  command: described(manyTexts, 'The program and its arguments, each a parameter.'),
  env: described(manyTexts, 'NAME=VALUE, each a parameter.'),
  cwd: SHAPES.cwd,
  user: SHAPES.user,
  groups: described(manyTexts, 'Additional groups, with user.'),
  capAdd: described(manyTexts, 'Capabilities beyond those of its first command.'),
  capDrop: described(manyTexts, 'Capabilities to do without.'),
  terminal: described(v.union([flagText, v.string()]), 'A terminal: true, or its size, such as 80x24.'),
  timeout: described(timeText, 'Ends it after this time.'),
  stopSignal: SHAPES.stopSignal,
  gracePeriod: described(timeText, 'From that signal to the kill. Default: 10s'),
};

/** What {@link EXEC_QUERY} makes of a query. */
export interface ExecQuery extends Omit<ExecWords, 'command' | 'env' | 'terminal'> {
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly terminal?: boolean | string;
}

/** Reads what is to be run. @throws OptionError */
export function readExecBody(body: unknown): ExecWords {
  const words = parseShape(EXEC_SCHEMA as v.GenericSchema<unknown, Partial<ExecWords>>, body, Object.keys(SHAPES));
  return checkWords(words);
}

/** Reads the same from a query. @throws OptionError */
export function readExecQuery({ env, terminal: size, ...rest }: ExecQuery): ExecWords {
  return checkWords({ ...rest, ...defined({ env: env && readVariables(env), terminal: readSize(size) }) });
}

function checkWords(words: Partial<ExecWords>): ExecWords {
  const { command = [] } = words;
  if (command.length === 0) throw new OptionError('command', words.command, 'a program and its arguments');
  checkEnding(words);
  return { ...words, command };
}

function readVariables(env: readonly string[]): Record<string, string> {
  const pairs = env.map((variable, index): [string, string] => {
    const equals = variable.indexOf('=');
    if (equals < 1) throw new OptionError(`env[${String(index)}]`, variable, 'of the form NAME=VALUE');
    return [variable.slice(0, equals), variable.slice(equals + 1)];
  });
  return Object.fromEntries(pairs);
}

function readSize(size: boolean | string | undefined): boolean | TerminalSize | undefined {
  if (typeof size !== 'string') return size;
  const [, columns, rows] = /^(\d{1,5})x(\d{1,5})$/.exec(size) ?? [];
  if (columns === undefined) throw new OptionError('terminal', size, 'true, false or a size such as 80x24');
  return { columns: Number(columns), rows: Number(rows) };
}
