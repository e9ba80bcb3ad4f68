/** Returns a command as one could type it into a shell, on one line and without anything that a terminal would act on. */
export function quoteCommand(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // eslint-disable-next-line no-control-regex -- it is control characters that must not reach the terminal
  if (!/[\u0000-\u001f\u007f-\u009f]/.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  return `$'${word.replace(/[\\']/g, '\\$&').replace(CONTROL, escapeControl)}'`;
}

// eslint-disable-next-line no-control-regex -- the same
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

const NAMED: Readonly<Partial<Record<string, string>>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

function escapeControl(character: string): string {
  return NAMED[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
