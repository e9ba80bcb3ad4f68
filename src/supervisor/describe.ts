import type { Containers } from '../container/containers.js';
import type { SupervisedDetails } from './face.js';
import { labelsOfRecord } from './record/record.js';
import type { Records } from './record/records.js';
import type { Supervised } from './life/supervised.js';
import type { SupervisedInfo } from './types.js';

/** Returns what a list shows of a supervised container. */
export function describeSupervised(one: Supervised): SupervisedInfo {
  const { id, record, health, run } = one;
  const { createdAt, options, allRestarts, lastEnd, nextStart } = record;
  const { restart, log } = options.supervision;
  const live = run?.container.describe();
  return {
    id,
    command: options.command,
    labels: labelsOfRecord(record),
    createdAt,
    processes: live?.processes ?? 0,
    ...(live === undefined ? {} : { stats: live.stats }),
    ...(live?.pid === undefined ? {} : { pid: live.pid }),
    status: one.state === 'running' && run?.brake.isPaused === true ? 'paused' : one.state,
    restart,
    restarts: allRestarts,
    ...(health === undefined ? {} : { health }),
    ...(lastEnd === undefined ? {} : { lastEnd }),
    ...(one.state === 'waiting' && typeof nextStart === 'string' ? { nextStart } : {}),
    log,
  };
}

/** Returns all that is known of one; what there is only while it runs as well. */
export function inspectSupervised(one: Supervised, { containers, records }: Known): SupervisedDetails {
  const { options } = one.record;
  return {
    ...describeSupervised(one),
    options,
    ...(one.run === undefined ? {} : { container: containers.inspect(one.id) }),
    ...(options.supervision.log.driver === 'none' ? {} : { logPath: records.path(one.id) }),
  };
}

/** Where the rest of it is found. */
interface Known {
  readonly containers: Pick<Containers, 'inspect'>;
  readonly records: Pick<Records, 'path'>;
}
