import type { Limits } from '../../cgroup/limits.js';
import type { EndReport } from '../wait.js';

/** What all events have. */
interface Happened<Type extends string> {
  /** When it was learnt of, RFC 3339. */
  readonly time: string;
  readonly type: Type;
  /** The container. */
  readonly id: string;
  /** Its labels; none where it was gone before they could be read. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The container has a name, and its start is under way. */
export interface CreatedEvent extends Happened<'created'> {
  /** Absent where it was gone before that could be read. */
  readonly command?: readonly string[];
}

/** Its command runs. */
export interface StartedEvent extends Happened<'started'> {
  /** Its first process, in the caller's pid namespace; absent where it had ended before it could be noted. */
  readonly pid?: number;
}

/** All its processes stand still (`frozen`), or do so no longer (`thawed`). */
export type FreezeEvent = Happened<'frozen'> | Happened<'thawed'>;

/** The out-of-memory killer has taken processes of it. */
export interface OomEvent extends Happened<'oom'> {
  /** How many in all. */
  readonly oomKills: number;
}

/** Its limits have been changed. */
export interface UpdatedEvent extends Happened<'updated'> {
  /** Those that are in force then. */
  readonly limits: Limits;
}

/** Somebody has set out to kill it: by `kill`, or because a time was up, or by an AbortSignal. */
export type KilledEvent = Happened<'killed'>;

/** No process is left in it. */
export interface PopulatedEvent extends Happened<'populated'> {
  readonly populated: 0;
}

/** It has ended, and nothing of it is left; without a `started` before, its start has failed. */
export interface ExitedEvent extends Happened<'exited'>, Omit<EndReport, 'id'> {}

/** What has become of a container. */
export type ContainerEvent =
  CreatedEvent | StartedEvent | FreezeEvent | OomEvent | UpdatedEvent | KilledEvent | PopulatedEvent | ExitedEvent;

/** What an event says besides what all of them have. */
export type EventDetails = ContainerEvent extends infer Event
  ? Event extends ContainerEvent
    ? Omit<Event, 'time' | 'id' | 'labels'>
    : never
  : never;
