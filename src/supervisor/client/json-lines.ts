import type { Readable } from 'node:stream';

/**
 * Reads lines of JSON as they come, at the pace of the reader.
 *
 * @throws SyntaxError for a line that is none: the answer was cut off in its middle
 */
export async function* readJsonLines(stream: Readable): AsyncGenerator<unknown, void> {
  const pieces: string[] = [];
  stream.setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = chunk.split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      const whole = pieces.length === 0 ? line : pieces.join('') + line;
      pieces.length = 0;
      if (whole !== '') yield JSON.parse(whole) as unknown;
    }
    if (last !== '') pieces.push(last);
  }
  if (pieces.length > 0) throw new SyntaxError('the answer ends in the middle of a line');
}
