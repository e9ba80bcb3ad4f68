import { ContainerError } from '../errors/container-error.js';

/** A command line that makes no sense as a whole; what makes no sense as a value is an OptionError. */
export class UsageError extends ContainerError {
  constructor(message: string, hint?: string) {
    super(message, 'ERR_USAGE', { hint });
  }
}

/** Commander's complaints, and how corral words them. */
const WORDINGS: readonly (readonly [pattern: RegExp, reword: (...groups: string[]) => string])[] = [
  [/^missing required argument '(.*)'$/, (name) => `${name.toUpperCase()} is missing`],
  [/^option '(?:-\w, )?(--[\w-]+) <(.*)>' argument missing$/, (flag, value) => `${flag}: ${value} is missing`],
  [/^too many arguments for '(.*)'\. Expected 0/, (verb) => `${verb} takes no operands`],
  [/^too many arguments for '(.*)'\. Expected \d+/, (verb) => `too many operands for ${verb}`],
  [/^unknown option '(.*)'$/, (flag) => `unknown flag ${flag}`],
  [/^unknown command '(.*)'$/, (verb) => `unknown verb ${verb}`],
];

/**
 * Returns what commander found wrong as a {@link UsageError}.
 *
 * @param message - `error: unknown option '--memry'`, and perhaps `(Did you mean --memory?)` on the next line
 * @param verb - whose help to point to
 */
export function parseUsageError(message: string, verb: string | undefined): UsageError {
  const [, what = message, suggestion] = /^error: (.*?)(?:\n\((Did you mean .*)\))?\n*$/s.exec(message) ?? [];
  return new UsageError(
    reword(what),
    suggestion?.replace(/^D/, 'd') ?? `see corral ${verb === undefined ? '' : `${verb} `}--help`,
  );
}

function reword(what: string): string {
  for (const [pattern, wording] of WORDINGS) {
    const match = pattern.exec(what);
    if (match !== null) return wording(...match.slice(1));
  }
  return what;
}
