import type { ContainerEvent } from '../container/events/types.js';
import type { Health } from './types.js';

interface Happened<Type extends string> {
  /** RFC 3339. */
  readonly time: string;
  readonly type: Type;
  /** The container. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A container that has ended is started again at that time. */
export interface RestartingEvent extends Happened<'restarting'> {
  /** How many restarts in a row that makes. */
  readonly restarts: number;
  /** RFC 3339. */
  readonly nextStart: string;
}

/** The health of a container is another one than before. */
export interface HealthEvent extends Happened<'health'> {
  readonly health: Health;
}

/** A new supervisor has found a container of a dead one, and goes on with it. */
export type AdoptedEvent = Happened<'adopted'>;

/** A container and all that was known of it are gone. */
export type RemovedEvent = Happened<'removed'>;

/** What becomes of supervised containers. */
export type SupervisedEvent = ContainerEvent | RestartingEvent | HealthEvent | AdoptedEvent | RemovedEvent;
