import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileProfile, loadFilters, sampleProfiles } from './profiles.js';

// Reads and compiles profiles for system calls, and has the kernel load what comes of them.
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5000' }, seed: { type: 'string', default: String(Date.now() % 1e9) } },
});
const runs = Number(values.runs);
const filters = sampleProfiles(runs, Number(values.seed)).flatMap((profile) => compileProfile(profile) ?? []);
const answers = loadFilters(fileURLToPath(new URL('verifier.c', import.meta.url)), filters);
const refused = answers.findIndex((answer) => answer !== 0);
const longest = Math.max(...filters.map(({ program }) => program.length / 8));
console.log(
  `seed ${values.seed}: ${String(runs)} profiles, ${String(filters.length)} compiled, up to ${String(longest)} instructions long`,
);
if (answers.length !== filters.length || refused >= 0)
  throw new Error(`the kernel refuses filter ${String(refused)} with errno ${String(answers[refused])}`);
