// The process that keeps a log, in the tests in which it is killed: argv is { directory, policy } as JSON. It says `ready`, and
// what it is told by the log; a byte on its standard input has it finish. Where there is no run that goes on, it begins one.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openLog } from '../../src/supervisor/logs/open.js';
import type { LogPolicy } from '../../src/supervisor/types.js';

const { directory, policy } = JSON.parse(process.argv[2] ?? '') as { directory: string; policy: LogPolicy };

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const log = openLog(directory, policy, {
  onError: ({ message }) => say(`error ${message}`),
});
if (!existsSync(join(directory, 'stdout.pipe'))) log.openStreams();
say('ready');

process.stdin.once('data', () => {
  log.finish().then(
    () => {
      say('finished');
      process.stdin.destroy();
    },
    (error: unknown) => {
      say(`failed ${String(error)}`);
      process.stdin.destroy();
    },
  );
});
