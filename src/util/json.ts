/** Returns a value as JSON, bigints as the numbers that they are: JSON has no limit for these. */
export function formatJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    // Slower, and hardly ever needed: an unlimited resource, an argument of a system call.
    if (!(error instanceof TypeError)) throw error;
    const marked = JSON.stringify(
      value,
      (_key, part: unknown) => (typeof part === 'bigint' ? `\0${part}` : part),
      indent,
    );
    return marked.replace(/"\\u0000(-?\d+)"/g, '$1');
  }
}
