import { InvalidArgumentError, Option } from 'commander';

/** A flag of runc's that is not taken: whoever gives it is told why. */
export function refusedFlag(flags: string, why: string): Option {
  return new Option(flags, why).hideHelp().argParser(() => {
    throw new InvalidArgumentError(`${why}.`);
  });
}

/** `table` or `json`, as `list` and `ps` have it. */
export function formatFlag(): Option {
  return new Option('-f, --format <FORMAT>', 'table or json').choices(['table', 'json']).default('table');
}

/** Reads yes or no as programs in Go do. @throws InvalidArgumentError */
export function checkSwitch(value: string): string {
  if (SWITCHES.includes(value)) return value;
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not true, false or auto.`);
}

const SWITCHES: readonly string[] = [
  'auto',
  '',
  '1',
  't',
  'T',
  'true',
  'TRUE',
  'True',
  '0',
  'f',
  'F',
  'false',
  'FALSE',
  'False',
];

/**
 * Says what is wrong with a command line in the words that engines look for: podman finds out by them which flags take a value.
 *
 * @param message - commander's
 */
export function toUsageWords(message: string): string {
  const [, flag] = /^error: option '.*?--([\w-]+) <.*' argument missing$/m.exec(message) ?? [];
  if (flag !== undefined) return `flag needs an argument: -${flag}\n${message}`;
  // Of a switch that is refused.
  return message.replace(" argument 'undefined' is invalid.", ' is refused:');
}
