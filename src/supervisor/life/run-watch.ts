import { Timer } from '../../util/timer.js';
import { HealthMonitor } from './health.js';
import type { ContainerRecord } from '../record/record.js';
import type { Run } from '../run/runner.js';
import type { Health } from '../types.js';

/** Who is told of what is found. */
export interface RunWatcher {
  /** Its time is up. */
  readonly onExpired: () => void;
  readonly onHealth: (health: Health) => void;
}

/** Watches the clock and the health of one run of a container. */
export class RunWatch {
  readonly #expiry = new Timer();
  readonly #health: HealthMonitor | undefined;

  constructor(
    { container, brake }: Run,
    { options, startedAt = '', health: known }: ContainerRecord,
    watcher: RunWatcher,
  ) {
    const { health, timeout } = options.supervision;
    const began = Date.parse(startedAt);
    if (timeout !== undefined) this.#expiry.set(began + timeout - Date.now(), watcher.onExpired);
    if (health !== undefined)
      this.#health = new HealthMonitor(health, container, {
        startedAt: began,
        known: known ?? 'starting',
        isPaused: () => brake.isPaused,
        onChange: watcher.onHealth,
      });
  }

  /** Absent where there are no checks. */
  get health(): Health | undefined {
    return this.#health?.health;
  }

  stop(): void {
    this.#expiry.clear();
    this.#health?.stop();
  }
}
