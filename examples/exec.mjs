// A long-running container, further commands in it, and one of them killed alone.
//
//   node examples/exec.mjs
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { spawn } from 'corral';

const container = await spawn(['sleep', '1000'], { hostname: 'workshop' });
try {
  const look = await container.exec([
    'sh',
    '-c',
    'hostname; head -n 1 /proc/self/cgroup | tr -d "\\n"; echo; ps -e -o comm=',
  ]);
  console.log(await text(look.stdout));
  console.log(`exit code ${(await look.exited).exitCode}`);

  const busy = await container.exec(['sh', '-c', 'sleep 1000 & sleep 1000 & echo up; wait']);
  await once(busy.stdout, 'data');
  const report = await busy.kill();
  console.log(
    `killed ${report?.processes ?? 1} processes of the exec; ${(await container.stats()).processes} of the container live`,
  );
} finally {
  const { processes, durationMs } = await container.kill();
  console.log(`killed the container: ${processes} processes in ${durationMs.toFixed(1)} ms`);
}
