import type { Runner } from '../run/runner.js';
import type { Health } from '../types.js';

/** What a supervised container works with. */
export interface SupervisedContext {
  readonly runner: Runner;
  /** Tells those who watch. */
  readonly tell: (id: string, details: Told) => void;
  /** Removes all that is known of it. */
  readonly forget: (id: string) => void;
  /** 0–1, for the jitter of the back-off. */
  readonly random: () => number;
}

/** What a supervised container tells of itself. */
export type Told =
  | { readonly type: 'restarting'; readonly restarts: number; readonly nextStart: string }
  | { readonly type: 'health'; readonly health: Health }
  | { readonly type: 'adopted' }
  | { readonly type: 'removed' };
