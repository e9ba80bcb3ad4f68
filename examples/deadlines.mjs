// Four ways to an end. Whatever the command has started, daemons included, is gone after each.
//
//   node examples/deadlines.mjs
import { run, spawn } from 'corral';

const stubborn = ['sh', '-c', 'trap "" TERM; setsid sleep 1000 & setsid sleep 1000 & while :; do sleep 1; done'];

const late = await run(stubborn, { timeout: 200 });
console.log(`timeout: timedOut ${late.timedOut}, ${late.signal}, after ${late.durationMs.toFixed(0)} ms`);

const controller = new AbortController();
setTimeout(() => controller.abort(), 200);
const aborted = await run(stubborn, { signal: controller.signal });
console.log(`abort: aborted ${aborted.aborted}, ${aborted.signal}`);

const polite = await run(['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.01; done'], {
  timeout: 200,
  stopSignal: 'SIGTERM',
  gracePeriod: 5000,
});
console.log(`timeout with a stop signal: timedOut ${polite.timedOut}, exit code ${polite.exitCode}`);

// In TypeScript and on newer versions of Node, `await using container = …` does the same as this try and finally.
const container = await spawn(stubborn);
try {
  console.log(`in scope: ${(await container.stats()).processes} processes`);
} finally {
  await container[Symbol.asyncDispose]();
}
console.log(`out of scope: ${(await container.exited).signal}`);
