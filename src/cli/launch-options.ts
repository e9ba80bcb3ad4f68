import { dirname, resolve } from 'node:path/posix';
import { OptionError } from '../errors/option-error.js';
import type { FileOptions } from '../spec/options-file.js';
import { type FileEntry, parseVariablesFile } from '../spec/parse/variables-file.js';
import { nameFile, readTextFile } from './text-file.js';
import { UsageError } from './usage-error.js';

/** The flags whose values are files with options in them. */
export interface FileFlags {
  readonly file?: string;
  readonly envFile?: readonly string[];
  readonly labelFile?: readonly string[];
}

type Options = FileOptions['options'];

/** What a container is made of, wherever it was said. */
export interface LaunchOptions {
  readonly command: readonly string[];
  readonly options: Options;
  /** Returns an error about a value of the file of options as one that names the file and the field; others as they are. */
  readonly blame: (error: unknown) => unknown;
}

/**
 * Puts together what the command line, the file of options (`-f`) and the files of variables and labels say.
 *
 * The command line counts most: its lists are added to those of the file of options, its names to those there, and its other
 * values take their place. A file of variables or labels counts more than the file of options, and less than `-e` and `-l`.
 *
 * @param verb - whose help to point to
 * @throws UsageError and OptionError for what makes no sense in a file
 */
export async function readLaunchOptions(
  operands: readonly string[],
  { file, ...flags }: Options & FileFlags,
  verb: string,
): Promise<LaunchOptions> {
  const onLine = readFiles(flags);
  if (file === undefined) {
    if (operands.length === 0) throw new UsageError('COMMAND is missing', `see corral ${verb} --help`);
    return { command: operands, options: onLine, blame: (error) => error };
  }
  const { command, options } = await readOptions(file);
  if (operands.length === 0 && command === undefined) {
    throw new UsageError('COMMAND is missing', `${nameFile(file)} has no "command" either`);
  }
  const blame = (error: unknown): unknown =>
    error instanceof OptionError && isAbout({ ...options, command }, { ...onLine, command: operands }, error)
      ? blameFile(file, error)
      : error;
  return { command: operands.length > 0 ? operands : (command ?? []), options: merge(options, onLine), blame };
}

/** Returns options with the files of variables and labels read into them. */
export function readFiles<T extends Pick<Options, 'env' | 'labels'>>({
  envFile,
  labelFile,
  ...options
}: T & Omit<FileFlags, 'file'>): Omit<T, 'envFile' | 'labelFile'> {
  const variables = Object.fromEntries(readEntries('envFile', envFile));
  const labels = Object.fromEntries(readEntries('labelFile', labelFile).map(([name, value]) => [name, value ?? '']));
  return {
    ...options,
    ...(envFile === undefined ? {} : { env: { ...variables, ...options.env } }),
    ...(labelFile === undefined ? {} : { labels: { ...labels, ...options.labels } }),
  };
}

function readEntries(option: string, files: readonly string[] = []): readonly FileEntry[] {
  return files.flatMap((file) => parseVariablesFile(readTextFile(file), { option, file: nameFile(file) }));
}

async function readOptions(file: string): Promise<FileOptions> {
  const value = parseJson(readTextFile(file), file);
  const { readOptionsFile } = await import('../spec/options-file.js');
  try {
    return readOptionsFile(value, file === '-' ? resolve() : dirname(resolve(file)));
  } catch (error) {
    throw error instanceof OptionError ? blameFile(file, error) : error;
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/\s+/g, ' ') : '';
    const [, message = said, position] = /^(.*) in JSON at position (\d+)/.exec(said) ?? [];
    const where = position === undefined ? '' : `:${lineAndColumn(text, Number(position))}`;
    throw new UsageError(`${nameFile(file)}${where}: ${message}`);
  }
}

function lineAndColumn(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `${String(lines.length)}:${String((lines.at(-1)?.length ?? 0) + 1)}`;
}

/** Lists are added up, and so are names with values; of everything else the command line's counts. */
function merge(inFile: Options, onLine: Options): Options {
  const merged = Object.entries(onLine).map(([name, value]: [string, unknown]) => {
    const before: unknown = Reflect.get(inFile, name);
    if (Array.isArray(before) && Array.isArray(value))
      return [name, [...(before as unknown[]), ...(value as unknown[])]];
    return [name, isRecord(before) && isRecord(value) ? { ...before, ...value } : value];
  });
  return { ...inFile, ...(Object.fromEntries(merged) as Options) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// After the merge, `volumes[3]` may be the first of the command line's.
function isAbout(inFile: object, onLine: object, { option, value }: OptionError): boolean {
  const [, name = '', index, field] = OPTION_NAME.exec(option) ?? [];
  const theirs: unknown = Reflect.get(inFile, name);
  const ours: unknown = Reflect.get(onLine, name);
  if (theirs === undefined) return false;
  if (Array.isArray(theirs)) {
    // A command is never added to.
    if (name === 'command') return !Array.isArray(ours) || ours.length === 0;
    return index === undefined ? ours === undefined : Number(index) < theirs.length;
  }
  if (isRecord(theirs)) return !isRecord(ours) || !Object.hasOwn(ours, field ?? String(value));
  return ours === undefined;
}

/** `volumes[0]`, `env.PATH`, `memory`. */
const OPTION_NAME = /^(\$?\w+)(?:\[(\d+)\])?(?:\.(.*))?$/s;

// `corral.json: volumes/0: "x" is not of the form …`
function blameFile(file: string, { option, message, hint }: OptionError): UsageError {
  const rest = message.slice(option.length);
  const [, name = option, index, field] = OPTION_NAME.exec(option) ?? [];
  const path = [name, index, field].filter((part) => part !== undefined).join('/');
  // About the file as a whole: a field that there is not, or no object at all.
  return new UsageError(`${nameFile(file)}: ${option === 'options' ? rest.slice(2) : `${path}${rest}`}`, hint);
}
