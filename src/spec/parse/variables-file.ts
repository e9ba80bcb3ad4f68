import { OptionError } from '../../errors/option-error.js';

/** One line of a file of variables; without a value, what that means is the reader's to say. */
export type FileEntry = readonly [name: string, value: string | undefined];

/**
 * Reads a file of variables or labels, in Docker's format: `NAME=VALUE` or `NAME` a line, `#` at the start of a line begins a
 * comment. A value goes to the end of its line, with its quotes and its spaces; there is no escape, and so no line break.
 *
 * @param text - the file's text
 * @param about - the option and the file, for errors: `envFile.jobs.env:3`
 * @throws OptionError naming the file and the line
 */
export function parseVariablesFile(
  text: string,
  about: { readonly option: string; readonly file: string },
): readonly FileEntry[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line, index) => parseLine(line, `${about.option}.${about.file}:${String(index + 1)}`));
}

function parseLine(line: string, option: string): readonly FileEntry[] {
  const entry = line.replace(/^[ \t]+/, '');
  if (entry === '' || entry.startsWith('#')) return [];
  const equals = entry.indexOf('=');
  const name = equals < 0 ? entry : entry.slice(0, equals);
  if (name === '' || /[ \t\0]/.test(name)) {
    // Without the value: it may be a secret.
    throw new OptionError(option, name, 'a name: a line is NAME=VALUE or NAME, and a name has no spaces');
  }
  return [[name, equals < 0 ? undefined : entry.slice(equals + 1)]];
}
