import type { StopOptions } from '../../container/ending.js';
import type { UpdateOptions } from '../../spec/options.js';
import { ContainerError } from '../../errors/container-error.js';
import { defined } from '../../util/defined.js';
import type { Starter } from '../confined/origin.js';
import type { Health, RunEnd, SupervisedOptions } from '../types.js';

/** What is known of a supervised container on disk: the sum of the lines of its file. */
export interface ContainerRecord {
  readonly version: 1;
  readonly id: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly options: SupervisedOptions;
  /** Whether somebody wants it to run; a policy may want it again all the same. */
  readonly desired: 'up' | 'down';
  /** The run that was last begun, counted from 1; 0 before the first. */
  readonly run: number;
  /** When it was begun, RFC 3339. */
  readonly startedAt?: string;
  /** Of the boot in which it was begun; before the first run, in which the container was made. */
  readonly bootId?: string;
  /** How the last run that has ended did. */
  readonly lastEnd?: RunEnd;
  /** How many restarts in a row there have been. */
  readonly restarts: number;
  /** How many there have been since somebody last asked for a start. */
  readonly allRestarts: number;
  /** When the next run is to begin, RFC 3339, or `null`. */
  readonly nextStart?: string | null;
  /** How it is being asked to end, while that is under way; `null` afterwards. */
  readonly ending?: Ending | null;
  /** What is known of the health of its last run; `null` before a check has told. */
  readonly health?: Health | null;
  /** Somebody has paused its run. */
  readonly paused?: boolean;
  /** It is to be forgotten. */
  readonly removing?: true;
  /** In whose namespaces its runs are started, where it has an origin. */
  readonly starter?: Starter;
}

/** How a container is made to end. */
export interface Ending {
  /** `stop`: it is asked first; `kill`: at once. */
  readonly how: 'stop' | 'kill';
  readonly stopSignal?: string;
  /** Milliseconds. */
  readonly gracePeriod?: number;
  readonly allProcesses?: boolean;
  /** It is to be started afterwards. */
  readonly restart?: boolean;
  /** Its time was up. */
  readonly timedOut?: boolean;
}

/** A line of the file, after the first. */
export interface RecordChange extends Partial<Omit<ContainerRecord, 'version' | 'id' | 'createdAt' | 'options'>> {
  /** Limits that its next runs have as well. */
  readonly update?: UpdateOptions;
}

/** Returns the first line of a new container's file. */
export function newRecord(
  id: string,
  options: SupervisedOptions,
  made: Pick<ContainerRecord, 'createdAt' | 'desired' | 'bootId'>,
): ContainerRecord {
  return { version: 1, id, options, run: 0, restarts: 0, allRestarts: 0, ...made };
}

/** Returns a record to which a line was added. */
export function applyRecordChange(record: ContainerRecord, { update, ...change }: RecordChange): ContainerRecord {
  const next = { ...record, ...change };
  if (update === undefined) return next;
  const { container, ...rest } = next.options;
  return { ...next, options: { ...rest, container: applyUpdate(container, update) } };
}

// `max` takes a limit away; of memory and swap together it is a limit as good as any.
function applyUpdate(container: SupervisedOptions['container'], update: UpdateOptions): SupervisedOptions['container'] {
  const merged: Record<string, unknown> = { ...container, ...update };
  for (const [name, value] of Object.entries(update)) {
    if (value === 'max' && name !== 'memorySwap') Reflect.deleteProperty(merged, name);
  }
  return merged;
}

/** Returns what people and programs have noted about it. */
export function labelsOfRecord({ options }: ContainerRecord): Readonly<Record<string, string>> {
  return options.container.labels ?? {};
}

/** Tells whether its last run was begun, and its end was not noted. */
export function isOpen({ run, lastEnd }: ContainerRecord): boolean {
  return run > (lastEnd?.run ?? 0);
}

/** Returns how a container is to be made to end: as was asked for, else as its options say. */
export function endingOf({ ending, options: { supervision } }: ContainerRecord): {
  readonly how: Ending['how'];
  readonly options: StopOptions;
} {
  const { how = 'kill', stopSignal, gracePeriod, allProcesses } = ending ?? {};
  return {
    how,
    options: defined({
      stopSignal: stopSignal ?? supervision.stopSignal,
      gracePeriod: gracePeriod ?? supervision.gracePeriod,
      allProcesses,
    }),
  };
}

/**
 * Reads the text of a record's file.
 *
 * @returns `undefined` where not even the first line is whole: whoever began it has died, and nothing of it was ever started
 * @throws ContainerError `ERR_RECORD` for one of another version: another corral knows what is to become of it
 */
export function parseRecord(text: string): ContainerRecord | undefined {
  const end = text.lastIndexOf('\n');
  if (end < 0) return undefined;
  const [first = '', ...rest] = text.slice(0, end).split('\n');
  const record = parseLine(first);
  if (!isRecord(record)) return undefined;
  return rest.map(parseLine).reduce<ContainerRecord>((sum, change) => applyRecordChange(sum, change ?? {}), record);
}

// Whoever died in the middle of adding to it has left half a line.
function parseLine(line: string): RecordChange | undefined {
  try {
    return JSON.parse(line) as RecordChange;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is ContainerRecord {
  if (typeof value !== 'object' || value === null || !('version' in value) || !('options' in value)) return false;
  if (value.version === 1) return true;
  throw new ContainerError(`record of version ${JSON.stringify(value.version)}: this corral knows 1`, 'ERR_RECORD', {
    hint: 'another version of corral has written it',
  });
}
