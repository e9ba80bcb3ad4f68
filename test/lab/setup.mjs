// npm run lab:setup [-- --guest NAME]: makes what guests are booted from, unless it is there.
import { parseArgs } from 'node:util';
import { GUESTS } from './guests.mjs';
import { parseNames } from './lib/arguments.mjs';
import { cacheDirectory } from './lib/cache.mjs';
import { Lab } from './lib/lab.mjs';

const { values } = parseArgs({ options: { guest: { type: 'string', multiple: true } } });
const names = parseNames('--guest', values.guest, Object.keys(GUESTS));
const lab = new Lab((line) => console.log(`lab: ${line}`));
try {
  for (const engine of new Set(names.map((name) => GUESTS[name].engine))) await lab.prepare(engine);
  console.log(`lab: ready in ${cacheDirectory(process.env)}: ${names.join(', ')}`);
} catch (error) {
  console.error(`lab: ${error.message}`);
  process.exitCode = 1;
} finally {
  lab.close();
}
