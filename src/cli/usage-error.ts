import { ContainerError } from '../errors/container-error.js';
import { closest } from '../util/closest.js';

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
];

/**
 * Returns what commander found wrong as a {@link UsageError}.
 *
 * @param message - `error: unknown option '--memry'`, and perhaps `(Did you mean --memory?)` on the next line
 * @param verb - whose help to point to
 * @param verbs - all that there are
 */
export function parseUsageError(message: string, verb: string | undefined, verbs: readonly string[]): UsageError {
  const [, what = message, suggestion] = /^error: (.*?)(?:\n\((Did you mean .*)\))?\n*$/s.exec(message) ?? [];
  const [, name] = /^unknown command '(.*)'$/.exec(what) ?? [];
  if (name !== undefined) return unknownVerb(name, verbs);
  return new UsageError(
    reword(what),
    suggestion?.replace(/^D/, 'd') ?? `see corral ${verb === undefined ? '' : `${verb} `}--help`,
  );
}

/** Returns the complaint about a verb that is none. @param verbs - those that there are */
export function unknownVerb(name: string, verbs: readonly string[]): UsageError {
  const near = closest(name, [...verbs, ...Object.keys(HABITS)]);
  const hint = near === undefined ? 'see corral --help' : `did you mean ${HABITS[near] ?? near}?`;
  return new UsageError(`unknown verb ${name}`, hint);
}

/** What people type who come from docker, podman or runc, and what it is called here. */
const HABITS: Readonly<Partial<Record<string, string>>> = {
  create: 'run',
  remove: 'rm',
  delete: 'rm',
  list: 'ps',
  ls: 'ps',
  state: 'inspect',
  log: 'logs',
  daemon: 'supervise',
  supervisor: 'supervise',
};

function reword(what: string): string {
  for (const [pattern, wording] of WORDINGS) {
    const match = pattern.exec(what);
    if (match !== null) return wording(...match.slice(1));
  }
  return what;
}
