// Tries every feature on the machine it runs on, with what is in dist/, and prints one JSON object; in a guest, into $LAB_RESULT.
//
//   node test/lab/probe/probe.mjs
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FEATURES } from './features.mjs';
import { describeError } from './outcome.mjs';

/** A feature may take so long on a slow guest; after that it hangs. */
const LIMIT_MS = 60_000 * Number(process.env['CORRAL_TEST_TIMEOUT_SCALE'] ?? 1);

const corral = await import(new URL('../../../dist/lib/index.js', import.meta.url).href);
const stateDir = mkdtempSync(join(tmpdir(), 'corral-probe-'));
/** @type {Record<string, import('./outcome.mjs').Outcome>} */
const features = {};
try {
  for (const feature of FEATURES) features[feature.name] = await attempt(feature);
} finally {
  rmSync(stateDir, { recursive: true, force: true });
}

const text = JSON.stringify({ kernel: release(), cgroups: readMode(), uid: process.geteuid?.(), features });
if (process.env['LAB_RESULT'] === undefined) console.log(text);
else writeFileSync(process.env['LAB_RESULT'], text);
// What hangs would keep this process, too.
process.exit();

/** @param {import('./features.mjs').Feature} feature @returns {Promise<import('./outcome.mjs').Outcome>} */
async function attempt(feature) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
  });
  try {
    return { result: 'pass', detail: (await Promise.race([feature.try(withState(corral), { stateDir }), late])) ?? '' };
  } catch (error) {
    return describeError(error);
  }
}

/** The package with the state directory of this probe. */
function withState(library) {
  const start =
    (/** @type {string} */ name) =>
    (/** @type {string[]} */ command, options = {}) =>
      library[name](command, { stateDir, ...options });
  return { ...library, run: start('run'), spawn: start('spawn') };
}

function readMode() {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const v1 = / - cgroup /.test(mounts);
  if (!/ - cgroup2 /.test(mounts)) return 'v1';
  return v1 ? 'hybrid' : 'v2';
}
