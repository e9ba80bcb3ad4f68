import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { parseJson } from '../../src/spec/config/json.js';
import { ENGINE_CONFIGS, formatJson, readFixture } from '../helpers/configs.js';
import { GOOD } from '../unit/spec/config/good-cases.js';
import { type Outcome, checkConfig } from './check-config.js';
import { arbitraryConfig, collectValues } from './generate.js';
import { mutateConfig } from './mutate.js';
import { createRandom } from './random.js';

// Half of the runs change what engines write, half make documents of all fields that there are.
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '20000' }, seed: { type: 'string', default: String(Date.now() % 1e9) } },
});
const [runs, seed] = [Number(values.runs), Number(values.seed)];
const corpus = ENGINE_CONFIGS.map(readFixture);
const seen = collectValues([...corpus.map((each) => parseJson(each)), ...GOOD.map(([, given]) => given)]);
const outcomes: Record<Outcome, number> = { read: 0, refused: 0 };

function check(source: Uint8Array, name: string): void {
  try {
    outcomes[checkConfig(source)] += 1;
  } catch (error) {
    writeFileSync('fuzz-finding.json', source);
    throw new Error(`${name} of seed ${String(seed)} is in fuzz-finding.json`, { cause: error });
  }
}

const half = Math.ceil(runs / 2);
for (let run = 0; run < half; run++) check(mutateConfig(corpus, createRandom(seed + run)), `mutation ${String(run)}`);
fc.sample(arbitraryConfig(seen), { numRuns: runs - half, seed }).forEach((value, index) => {
  check(Buffer.from(formatJson(value)), `document ${String(index)}`);
});
console.log(
  `seed ${String(seed)}: ${String(runs)} config.json files, ${String(outcomes.read)} read, ${String(outcomes.refused)} refused`,
);
