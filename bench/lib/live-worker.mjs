// A Node process with many live containers: node --expose-gc live-worker.mjs
//
// JSON lines: ["live", N] starts or kills until N are alive; ["sample", COUNT] answers with microseconds from spawn to
// gone of `true`; ["memory"] answers with what the process and its containers hold.
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { spawn } from 'corral';

const stateDir = process.env['CORRAL_STATE_DIR'];
const QUIET = { stateDir, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' };
const AT_A_TIME = 4;
const live = [];

const COMMANDS = {
  async live(wanted) {
    while (live.length < wanted) {
      const batch = Math.min(AT_A_TIME, wanted - live.length);
      live.push(...(await Promise.all(Array.from({ length: batch }, () => spawn(['sleep', 'infinity'], QUIET)))));
    }
    while (live.length > wanted) await Promise.all(live.splice(wanted, AT_A_TIME).map((container) => container.kill()));
    return live.length;
  },
  async sample(count) {
    const times = [];
    for (let i = 0; i < count; i++) {
      const before = process.hrtime.bigint();
      const container = await spawn(['/bin/true'], QUIET);
      await container.exited;
      times.push(Number(process.hrtime.bigint() - before) / 1000);
    }
    return times;
  },
  memory() {
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    return {
      heapBytes: heapUsed,
      externalBytes: external,
      rssBytes: rss,
      fds: readdirSync('/proc/self/fd').length,
      initPssKb: live.map(({ pid }) => readPssKb(pid)),
      availableKb: Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))[1]),
    };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = JSON.parse(line);
  console.log(JSON.stringify(await COMMANDS[command](argument)));
}
await COMMANDS.live(0);

// Each page is divided by the number of those who share it: proc_pid_smaps(5).
function readPssKb(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
}
