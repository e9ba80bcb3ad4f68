// Controls, what turns the direction of text or has no width, lone surrogates, and separators of lines and paragraphs.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const NAMED: Readonly<Partial<Record<string, string>>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** Tells whether text holds something that a terminal would act on or hide. */
export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) < 0;
}

/** Returns text with what a terminal would act on written as bash does between `$'` and `'`: `\n`, `\x1b`, `\u202e`. */
export function escapeControls(text: string): string {
  return text.replace(UNPRINTABLE, (character) => NAMED[character] ?? formatCode(character.codePointAt(0) ?? 0));
}

/** The same for text of several lines, which stay lines. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

/** Returns JSON with what a terminal would act on inside its strings written as JSON does: `\u009b`. */
export function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : [...Array(character.length).keys()].map((at) => toUnit(character, at)).join(''),
  );
}

function toUnit(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
}

// \x is a byte to bash, and a character only below 128.
function formatCode(code: number): string {
  const digits = code.toString(16);
  if (code < 0x80) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
