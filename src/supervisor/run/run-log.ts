import { readLog } from '../logs/read.js';
import type { LogLine, LogQuery } from '../logs/types.js';
import type { Supervised } from '../life/supervised.js';

/** Reads the log of a container; where it is followed, to its end for good. @throws OptionError, UnsupportedError */
export function readRunLog(one: Supervised, directory: string, query: LogQuery): AsyncIterable<LogLine> {
  const over = new AbortController();
  const lines = readLog(directory, one.record.options.supervision.log, query, { over: over.signal });
  return watch(one, lines, { query, over });
}

async function* watch(
  one: Supervised,
  lines: AsyncIterable<LogLine>,
  { query, over }: { readonly query: LogQuery; readonly over: AbortController },
): AsyncGenerator<LogLine> {
  const left = new AbortController();
  if (query.follow === true) {
    one
      .until(() => one.isIdle, left.signal)
      .then(
        () => {
          over.abort();
        },
        () => undefined,
      );
  }
  try {
    yield* lines;
  } finally {
    left.abort();
  }
}
