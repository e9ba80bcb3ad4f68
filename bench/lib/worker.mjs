// A Node process that starts things and measures them:
//
//   node worker.mjs WAY [--resident MEGABYTES] [--in-flight N] [-- COMMAND...]
//
// It speaks the drivers' protocol: a number comes in, that many microseconds go out.
import { spawn as spawnChild } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { spawn } from 'corral';

const stateDir = process.env['CORRAL_STATE_DIR'];
const QUIET = { stateDir, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' };

/** From the call to the end of the cgroup, or of the child. */
const WAYS = {
  async corral() {
    const container = await spawn(['/bin/true'], QUIET);
    await container.exited;
  },
  async 'corral-pipes'() {
    const container = await spawn(['/bin/true'], { stateDir });
    container.stdout?.resume();
    container.stderr?.resume();
    await container.exited;
  },
  async 'corral-cgroup'() {
    const container = await spawn(['/bin/true'], { ...QUIET, isolation: 'cgroup' });
    await container.exited;
  },
  async 'corral-bare'() {
    const container = await spawn(['/bin/true'], { ...QUIET, isolation: 'cgroup', init: false });
    await container.exited;
  },
  async child([file, ...args]) {
    await once(spawnChild(file, args, { stdio: 'ignore' }), 'exit');
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { resident: { type: 'string', default: '0' }, 'in-flight': { type: 'string', default: '1' } },
});
const [name, ...command] = positionals;
const way = WAYS[name];
const inFlight = Number(values['in-flight']);
const ballast = makeResident(Number(values.resident));

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'rss') console.log(Math.round(process.memoryUsage.rss() / 2 ** 20));
  else console.log((await measure(Number(line))).map((time) => time.toFixed(1)).join(' '));
}
// Read at the end, so that nothing of it is collected before.
process.exitCode = ballast.buffers.length + ballast.objects.length < 0 ? 1 : 0;

async function measure(count) {
  const times = [];
  let started = 0;
  const oneAfterTheOther = async () => {
    while (started < count) {
      started++;
      const before = process.hrtime.bigint();
      await way(command);
      times.push(Number(process.hrtime.bigint() - before) / 1000);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther));
  return times;
}

/** Nine tenths of it in buffers of which every page is written, the rest as objects on the heap, about 100 bytes each. */
function makeResident(megabytes) {
  const buffers = Array.from({ length: Math.floor((megabytes * 0.9) / 8) }, () => Buffer.alloc(8 << 20, 1));
  const objects = Array.from({ length: megabytes * 1000 }, (_, index) => ({ index, text: `object ${index}` }));
  return { buffers, objects };
}
