import type { Container } from '../../container/container.js';
import { Timer } from '../../util/timer.js';
import type { Health, HealthCheck } from '../types.js';

/** How a check went: it exited with 0, or it did not. */
export type Verdict = 'passed' | 'failed';

/** What is known of a container's health. */
export interface HealthState {
  readonly health: Health;
  /** How many checks in a row have failed. */
  readonly failures: number;
}

/** What is known before the first check. */
export const UNKNOWN_HEALTH: HealthState = { health: 'starting', failures: 0 };

/**
 * Returns what is known after a check.
 *
 * @param isStarting - the start period is not over
 */
export function judge(
  { health, failures }: HealthState,
  verdict: Verdict,
  { retries, isStarting }: Pick<HealthCheck, 'retries'> & { readonly isStarting: boolean },
): HealthState {
  if (verdict === 'passed') return { health: 'healthy', failures: 0 };
  // As with docker: once a check has passed, the container has started.
  if (isStarting && health === 'starting') return { health, failures: 0 };
  const count = failures + 1;
  return { health: count >= retries ? 'unhealthy' : health, failures: count };
}

/** When a container was started, milliseconds since 1970, and who is told of what. */
interface HealthWatcher {
  readonly startedAt: number;
  /** What another supervisor has found out. */
  readonly known?: Health;
  readonly isPaused?: () => boolean;
  readonly onChange: (health: Health) => void;
}

/** Runs the checks of one run of a container, one after the other. */
export class HealthMonitor {
  readonly #check: HealthCheck;
  readonly #container: Pick<Container, 'exec'>;
  readonly #onChange: (health: Health) => void;
  readonly #isPaused: () => boolean;
  readonly #startedAt: number;
  readonly #timer = new Timer();
  #state: HealthState;
  #isOver = false;

  /**
   * @param startedAt - of the run, milliseconds since 1970
   * @param isPaused - somebody has paused it: it cannot answer, and is not asked
   * @param onChange - told of every change
   */
  constructor(
    check: HealthCheck,
    container: Pick<Container, 'exec'>,
    { startedAt, known = 'starting', isPaused = () => false, onChange }: HealthWatcher,
  ) {
    this.#check = check;
    this.#container = container;
    this.#startedAt = startedAt;
    this.#onChange = onChange;
    this.#state =
      known === 'starting' ? UNKNOWN_HEALTH : { health: known, failures: known === 'unhealthy' ? check.retries : 0 };
    this.#isPaused = isPaused;
    this.#arm();
  }

  get health(): Health {
    return this.#state.health;
  }

  /** Ends the checks. */
  stop(): void {
    this.#isOver = true;
    this.#timer.clear();
  }

  #arm(): void {
    this.#timer.set(this.#check.interval, () => void this.#run());
  }

  async #run(): Promise<void> {
    const verdict = this.#isPaused() ? undefined : await this.#probe();
    if (this.#isOver) return;
    // It may have been paused in the middle of a check.
    if (verdict === undefined || this.#isPaused()) {
      this.#arm();
      return;
    }
    const { health } = this.#state;
    const isStarting = Date.now() < this.#startedAt + this.#check.startPeriod;
    this.#state = judge(this.#state, verdict, { retries: this.#check.retries, isStarting });
    this.#arm();
    if (this.#state.health !== health) this.#onChange(this.#state.health);
  }

  async #probe(): Promise<Verdict> {
    try {
      const { command, timeout } = this.#check;
      const probe = await this.#container.exec(command, { timeout, stdout: 'ignore', stderr: 'ignore' });
      const { exitCode } = await probe.exited;
      return exitCode === 0 ? 'passed' : 'failed';
    } catch {
      // The command is not there, or the container is just ending.
      return 'failed';
    }
  }
}
