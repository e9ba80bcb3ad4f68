// A supervisor without a socket, to be killed: argv is a SupervisorJob as JSON. It says `ready`. See logs-pipes.test.ts.
import { join } from 'node:path';
import { Containers } from '../../src/container/containers.js';
import { Store } from '../../src/container/store.js';
import { Records } from '../../src/supervisor/record/records.js';
import { Supervisor } from '../../src/supervisor/supervisor.js';
import { SystemRunner } from '../../src/supervisor/run/system-runner.js';
import type { SupervisedOptions } from '../../src/supervisor/types.js';

/** What it is to do. */
export interface SupervisorJob {
  readonly stateDir: string;
  /** A container to start; absent: it goes on with those that are there. */
  readonly create?: SupervisedOptions;
}

const { stateDir, create } = JSON.parse(process.argv[2] ?? '') as SupervisorJob;
const records = new Records(join(stateDir, 'data'));
const runner = new SystemRunner({ store: new Store(stateDir), records });
const supervisor = new Supervisor({ containers: new Containers({ stateDir }), records, runner });
await supervisor.recover();
if (create !== undefined) await supervisor.create(create);
process.stdout.write('ready\n');
process.stdin.resume();
