import { constants } from 'node:os';

/**
 * Reads a signal: `TERM`, `SIGTERM`, `15`.
 *
 * @returns its number, or `undefined` when there is no such signal
 */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= 64 ? number : undefined;
  }
  const name = text.toUpperCase();
  const known = constants.signals as Readonly<Partial<Record<string, number>>>;
  return known[name] ?? known[`SIG${name}`];
}

/** Returns the name of a signal's number: `SIGKILL` for 9; `SIG40` for one without a name. */
export function signalName(number: number): string {
  for (const [name, known] of Object.entries(constants.signals)) if (known === number) return name;
  return `SIG${String(number)}`;
}
