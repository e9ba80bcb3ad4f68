import * as a from './a-spawn.mjs';
import * as b from './b-resident.mjs';
import * as c from './c-throughput.mjs';
import * as d from './d-kill.mjs';
import * as e from './e-cli.mjs';
import * as f from './f-live.mjs';
import * as g from './g-orphans.mjs';
import * as h from './h-oci.mjs';
import * as i from './i-supervised.mjs';

/** In the order of the report. */
export const CASES = [a, b, c, d, e, f, g, h, i];
