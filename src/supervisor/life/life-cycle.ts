/**
 * The life of a supervised container, as a table of state and event.
 *
 * `restarting`: it was asked to end, and is to be started when it has. The other states are those of SupervisedStatus.
 */
export type LifeState =
  'created' | 'starting' | 'running' | 'stopping' | 'restarting' | 'waiting' | 'exited' | 'removing';

/** What people and programs ask for. */
export type Request = 'start' | 'stop' | 'restart' | 'remove';

/**
 * What happens. `expired`: its time is up, or it is unhealthy and must end; `ended`, `failed`: a run, or a start, and that was all;
 * `again`: the same, and the restart policy wants another; `due`: the back-off is over.
 */
export type Happening = 'started' | 'ended' | 'failed' | 'again' | 'expired' | 'due';

/** What moves a container from one state to another. */
export type LifeEvent = Request | Happening;

/**
 * What is done on the way. `launch`: start it; `end`: ask it to end, or kill it, as the request says; `arm`, `disarm`: the timer of
 * the back-off; `forget`: remove all that is known of it.
 */
export type LifeAction = 'launch' | 'end' | 'arm' | 'disarm' | 'forget';

/** Where an event leads, and what is done on the way there. */
export interface Transition {
  readonly next: LifeState;
  readonly actions: readonly LifeAction[];
}

const to = (next: LifeState, ...actions: readonly LifeAction[]): Transition => ({ next, actions });

/** The states. */
export const LIFE_STATES = [
  'created',
  'starting',
  'running',
  'stopping',
  'restarting',
  'waiting',
  'exited',
  'removing',
] as const satisfies readonly LifeState[];

/** The events. */
export const LIFE_EVENTS = [
  'start',
  'stop',
  'restart',
  'remove',
  'started',
  'ended',
  'failed',
  'again',
  'expired',
  'due',
] as const satisfies readonly LifeEvent[];

/**
 * All transitions. A request that is missing is refused, for the state does not allow it; a happening that is missing cannot be,
 * and changes nothing.
 */
export const LIFE_CYCLE: Readonly<Record<LifeState, Readonly<Partial<Record<LifeEvent, Transition>>>>> = {
  created: {
    start: to('starting', 'launch'),
    stop: to('created'),
    restart: to('starting', 'launch'),
    remove: to('removing', 'forget'),
  },
  // A launch under way is not interrupted: what was asked for meanwhile is done when it is over.
  starting: {
    start: to('starting'),
    stop: to('stopping'),
    restart: to('starting'),
    remove: to('removing'),
    started: to('running'),
    failed: to('exited'),
    again: to('waiting', 'arm'),
  },
  running: {
    start: to('running'),
    stop: to('stopping', 'end'),
    restart: to('restarting', 'end'),
    remove: to('removing', 'end'),
    ended: to('exited'),
    again: to('waiting', 'arm'),
    expired: to('running', 'end'),
  },
  stopping: {
    start: to('restarting'),
    stop: to('stopping', 'end'),
    restart: to('restarting'),
    remove: to('removing', 'end'),
    started: to('stopping', 'end'),
    ended: to('exited'),
    failed: to('exited'),
    again: to('exited'),
    expired: to('stopping'),
  },
  restarting: {
    start: to('restarting'),
    stop: to('stopping', 'end'),
    restart: to('restarting'),
    remove: to('removing', 'end'),
    started: to('restarting', 'end'),
    ended: to('starting', 'launch'),
    failed: to('starting', 'launch'),
    again: to('starting', 'launch'),
    expired: to('restarting'),
  },
  waiting: {
    start: to('starting', 'disarm', 'launch'),
    stop: to('exited', 'disarm'),
    restart: to('starting', 'disarm', 'launch'),
    remove: to('removing', 'disarm', 'forget'),
    due: to('starting', 'launch'),
  },
  exited: {
    start: to('starting', 'launch'),
    stop: to('exited'),
    restart: to('starting', 'launch'),
    remove: to('removing', 'forget'),
  },
  removing: {
    stop: to('removing'),
    remove: to('removing', 'end'),
    started: to('removing', 'end'),
    ended: to('removing', 'forget'),
    failed: to('removing', 'forget'),
    again: to('removing', 'forget'),
    expired: to('removing'),
  },
};

/** Returns where an event leads; `undefined` where it does not fit the state. */
export function transition(state: LifeState, event: LifeEvent): Transition | undefined {
  return LIFE_CYCLE[state][event];
}
