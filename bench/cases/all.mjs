import * as a from './a-spawn.mjs';
import * as e from './e-cli.mjs';

/** In the order of the report. */
export const CASES = [a, e];
