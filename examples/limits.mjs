// A limit that is met is a value of the result: `oomKilled` is read from the cgroup, never guessed from exit code 137.
//
//   node examples/limits.mjs
import { run, UnsupportedError } from 'corral';

const hungry = 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));';

try {
  const { oomKilled, signal, usage } = await run(['node', '-e', hungry], { memory: '64M', pids: 64, cpus: 1 });
  const peak = ((usage.memoryPeakBytes ?? 0) / 2 ** 20).toFixed(1);
  console.log(`oomKilled: ${oomKilled}, signal: ${signal}, peak: ${peak} MB`);

  const pretender = await run(['sh', '-c', 'exit 137'], { memory: '64M' });
  console.log(`exit code ${pretender.exitCode}, oomKilled: ${pretender.oomKilled}`);
} catch (error) {
  // A limit that this host cannot give is refused, not ignored.
  if (!(error instanceof UnsupportedError)) throw error;
  console.log(`${error.message}\nhint: ${error.hint}`);
}
