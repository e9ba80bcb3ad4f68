// A Node process that starts things and measures them: node worker.mjs WHAT [RESIDENT_MEGABYTES]
//
// It speaks the drivers' protocol: a number comes in, that many microseconds go out.
import { spawn as spawnChild } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { spawn } from 'corral';

const QUIET = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' };

/** From the call to the end of the cgroup, or of the child. */
const WAYS = {
  corral: async () => {
    const container = await spawn(['true'], QUIET);
    await container.exited;
  },
  'corral-pipes': async () => {
    const container = await spawn(['true']);
    container.stdout?.resume();
    container.stderr?.resume();
    await container.exited;
  },
  'corral-cgroup': async () => {
    const container = await spawn(['true'], { ...QUIET, isolation: 'cgroup' });
    await container.exited;
  },
  child: async (command) => {
    const [file, ...args] = command;
    await once(spawnChild(file, args, { stdio: 'ignore' }), 'exit');
  },
};

const [what, residentMb = '0', ...command] = process.argv.slice(2);
const ballast = makeResident(Number(residentMb));
const way = WAYS[what];

for await (const line of createInterface({ input: process.stdin })) {
  const times = [];
  for (let i = 0; i < Number(line); i++) {
    const before = process.hrtime.bigint();
    await way(command);
    times.push(Number(process.hrtime.bigint() - before) / 1000);
  }
  console.log(times.map((time) => time.toFixed(1)).join(' '));
}

// Read here, so that nothing of it is collected before the end.
if (ballast.buffers.length < 0) console.log(ballast.objects.length);

/** Nine tenths of it in buffers of which every page is written, the rest as objects on the heap. */
function makeResident(megabytes) {
  const buffers = Array.from({ length: Math.floor((megabytes * 0.9) / 8) }, () => Buffer.alloc(8 << 20, 1));
  // About 100 bytes each.
  const objects = Array.from({ length: megabytes * 1000 }, (_, index) => ({
    index,
    text: `object ${index}`,
    more: [index],
  }));
  return { buffers, objects };
}
