// A process that owns containers as a supervisor does, to be killed: argv is a Job as JSON. See holder.ts.
import { appendFileSync } from 'node:fs';
import { type SupervisedSpawnOptions, spawnSupervised } from '../../src/container/supervised.js';

/** What it is to do. */
export interface Job {
  readonly command: readonly string[];
  readonly options: SupervisedSpawnOptions;
  /** A line of JSON goes there for each end that it is told of. */
  readonly record: string;
}

const { command, options, record } = JSON.parse(process.argv[2] ?? '') as Job;

process.stdout.write('ready\n');
const container = await spawnSupervised(command, {
  ...options,
  onEnd: (result) => {
    appendFileSync(record, `${JSON.stringify(result)}\n`);
  },
});
process.stdout.write('started\n');
const { terminal, stdin } = container;
terminal?.pipe(process.stdout);
if (terminal !== null) process.stdin.pipe(terminal, { end: false });
if (stdin !== null) process.stdin.pipe(stdin, { end: false });
await container.exited;
process.exit(0);
