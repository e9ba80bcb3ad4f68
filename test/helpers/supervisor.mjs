// The process that owns containers, in the tests in which it is killed: argv is { mode, command, options } as JSON.
// It needs the built package, since plain Node runs it.
import process from 'node:process';
import { spawn } from '../../dist/lib/index.js';

const { mode, command, options } = JSON.parse(process.argv[2]);

if (mode === 'hold') {
  const container = await spawn(command, { ...options, stdout: 'pipe' });
  container.stdout.pipe(process.stdout);
  await container.exited;
} else {
  process.stdout.write('ready\n');
  for (;;) {
    const container = await spawn(command, options);
    await container.kill();
  }
}
