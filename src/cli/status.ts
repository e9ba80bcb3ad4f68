import type { Status } from '../container/info.js';
import type { Style } from './style.js';

/** What each status looks like on a terminal. */
export const STATUS_STYLES: Readonly<Record<Status, Style>> = {
  creating: 'cyan',
  running: 'green',
  paused: 'yellow',
  stopped: 'dim',
  abandoned: 'red',
};
