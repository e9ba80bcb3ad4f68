/**
 * Parses JSON, with whole numbers that a number cannot hold as bigints: arguments of system calls have 64 bits.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  // Strings are found as well, so that what looks like a number in one is left alone.
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\b\d{16,}\b(?![.eE])/g, (word) =>
    word.startsWith('"') ? word : `"${MARK}${word}"`,
  );
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith('\0') ? BigInt(value.slice(1)) : value,
  );
}

// In a JSON string a NUL is always escaped: a value that starts with one may also be the text's own.
const MARK = '\\u0000';
