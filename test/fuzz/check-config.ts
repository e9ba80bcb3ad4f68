import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '../../src/errors/config-error.js';
import { parseConfig, parseProcess, parseResources } from '../../src/spec/config/config.js';
import { formatJson, minimalConfig } from '../helpers/configs.js';

/** How the reading of a config.json ended. */
export type Outcome = 'read' | 'refused';

/** No reading takes as long, however busy the machine. */
const MAX_MS = 2000;

/**
 * Reads a config.json that may be anything.
 *
 * @throws Error when the reading does: unless it is with a ConfigError that says where; when it takes long; and when what was read is
 *   not the same after it was written and read again
 */
export function checkConfig(source: Uint8Array): Outcome {
  const begin = performance.now();
  const outcome = attempt(() => {
    const { spec } = parseConfig(source, '/bundle');
    const again = parseConfig(formatJson(spec), '/elsewhere').spec;
    if (!isDeepStrictEqual(again, spec)) throw new Error('it is another one when it is written and read again');
  });
  attempt(() => parseProcess(source, CONTAINER.process));
  attempt(() => parseResources(source));
  const took = performance.now() - begin;
  if (took > MAX_MS) throw new Error(`the reading took ${took.toFixed(0)} ms`);
  return outcome;
}

const CONTAINER = parseConfig(formatJson(minimalConfig()), '/').spec;

function attempt(read: () => unknown): Outcome {
  try {
    read();
    return 'read';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isPointer = /^(\/([^~/]|~[01])*)*$/s.test(error.pointer);
    if (!isPointer || error.message.length > MAX_MESSAGE + error.pointer.length)
      throw new Error('an odd error', { cause: error });
    // What logs do with it.
    formatJson(error.toJSON());
    return 'refused';
  }
}

const MAX_MESSAGE = 600;
