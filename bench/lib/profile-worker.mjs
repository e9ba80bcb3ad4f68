// Starts containers by the library's own source, and notes when each of its actions begins and ends, and each step of
// corral-init: node profile-worker.mjs BUNDLE WATCH
//
// One line in, a number; one line out, JSON: for each container [name, nanoseconds] pairs in the order of time.
import { createInterface } from 'node:readline';
import { Driver } from './driver.mjs';

const [bundle, watch] = process.argv.slice(2);
const { spawnWithFaults } = await import(bundle);
const stateDir = process.env['CORRAL_STATE_DIR'];
const QUIET = { stateDir, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' };
const now = () => Number(process.hrtime.bigint());

const watcher = new Driver([watch]);
await watcher.start();
for await (const line of createInterface({ input: process.stdin })) {
  const timelines = [];
  // The watcher takes a core: what the parent does is timed without it.
  for (let i = 0; i < Number(line); i++) timelines.push(await profileOne(false), await profileOne(true));
  console.log(JSON.stringify(timelines));
}
await watcher.stop();

async function profileOne(watched) {
  const marks = [];
  let steps;
  const mark = (name) => marks.push([name, now()]);
  const act = (what, run) => {
    mark(`begin ${what}`);
    const made = run();
    if (watched && what === 'make report page') steps = watcher.ask(`/proc/${process.pid}/fd/${made}`);
    if (what === 'clone corral-init') return made.finally(() => mark('end clone corral-init'));
    mark(`end ${what}`);
    return made;
  };
  mark('call');
  const container = await spawnWithFaults(['/bin/true'], QUIET, { act });
  mark('started');
  await container.exited;
  mark('gone');
  if (watched) marks.push(...parseSteps(await steps));
  return marks.sort(([, a], [, b]) => a - b);
}

function parseSteps(line) {
  const seen = line.split(' ').map((word) => word.split(':'));
  return seen
    .map(([step, at]) => [step === 'x' ? 'command exited' : `step ${step}`, Number(at)])
    .filter(([, at]) => at > 0);
}
