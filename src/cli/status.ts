import type { Status } from '../container/info.js';
import type { SupervisedStatus } from '../supervisor/types.js';
import type { Style } from './style.js';

/** What each status looks like on a terminal. */
export const STATUS_STYLES: Readonly<Record<Status | SupervisedStatus, Style>> = {
  creating: 'cyan',
  running: 'green',
  paused: 'yellow',
  stopped: 'dim',
  abandoned: 'red',
  created: 'dim',
  starting: 'cyan',
  stopping: 'yellow',
  restarting: 'yellow',
  waiting: 'red',
  exited: 'dim',
  removing: 'dim',
};

/** Tells whether there is anything of a container to end, or there will be without somebody asking. */
export function isUp({ status }: { readonly status: Status | SupervisedStatus }): boolean {
  return status !== 'exited' && status !== 'created';
}

/** Tells whether a supervised container has processes now. */
export function hasProcesses({ status }: { readonly status: Status | SupervisedStatus }): boolean {
  return status === 'running' || status === 'paused' || status === 'stopping';
}
