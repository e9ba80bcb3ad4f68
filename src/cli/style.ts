import { isatty } from 'node:tty';
import { styleText } from 'node:util';

/** How a word may look on a terminal. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Returns text in a style, or as it is where nobody would see the colour. */
export type Paint = (style: Style, text: string) => string;

/** Returns what paints the text for a descriptor. */
export function painter(fd: 1 | 2, env: NodeJS.ProcessEnv = process.env): Paint {
  return hasColors(isatty(fd), env) ? paintAlways : paintNever;
}

/**
 * Tells whether text may be coloured: on a terminal that can, unless NO_COLOR says otherwise; FORCE_COLOR wants it anywhere.
 *
 * @see https://no-color.org, https://force-color.org
 */
export function hasColors(isTerminal: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (isSet(NO_COLOR)) return false;
  if (isSet(FORCE_COLOR)) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== '';
}

// Without looking at process.stdout, which it otherwise would: see print.ts.
const paintAlways: Paint = (style, text) => styleText(style, text, { validateStream: false });

const paintNever: Paint = (_style, text) => text;
