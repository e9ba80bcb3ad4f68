// At the innermost level: starts containers one after another, and says how long each took, in milliseconds, as JSON.
import { spawn } from 'corral';

const [count = '10'] = process.argv.slice(2);
const QUIET = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' };
const times = [];
// The first two load what the others find loaded.
for (let index = -2; index < Number(count); index++) {
  const began = performance.now();
  const container = await spawn(['/bin/true'], QUIET);
  await container.exited;
  if (index >= 0) times.push(performance.now() - began);
}
console.log(JSON.stringify(times));
