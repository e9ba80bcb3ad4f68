// Runs a command in a container and prints what it said. Nothing that it wrote is left on the host.
//
//   node examples/hello.mjs
import { run } from 'corral';

const script =
  'echo "I am $(id -un), process $$ of $(ls -d /proc/[0-9]* | wc -l)"; rm -f /etc/passwd; cat /proc/self/cgroup';
const { stdout, exitCode, durationMs, usage } = await run(['sh', '-c', script]);

console.log(stdout);
console.log(`exit code ${exitCode} after ${durationMs.toFixed(0)} ms, ${usage.cpuMs?.toFixed(1) ?? '?'} ms of CPU`);
