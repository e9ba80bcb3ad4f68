import { escapeControls, isPrintable } from './escape.js';

/** Returns a command as one could type it into a shell, on one line and without anything that a terminal would act on. */
export function quoteCommand(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (isPrintable(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  return `$'${escapeControls(word.replace(/[\\']/g, '\\$&'))}'`;
}
