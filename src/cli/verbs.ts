import type { Verb } from './verb.js';

/** What the overview tells of a verb, and how to get hold of it. */
export interface VerbEntry {
  readonly summary: string;
  readonly group: string;
  /** Other names, which work and are not shown. */
  readonly aliases?: readonly string[];
  /** Loads the verb; no other verb's file is read for that. */
  readonly load: () => Promise<Verb>;
}

const RUN = 'Run commands';
const SEE = 'See what runs';
const HOLD = 'Hold it';
const END = 'End it';
const HOST = 'This host';

/** All verbs, in the order of the overview. */
export const VERBS: Readonly<Record<string, VerbEntry>> = {
  run: {
    summary: 'run a command in a new container',
    group: RUN,
    load: async () => (await import('./verbs/run.js')).run,
  },
  exec: {
    summary: 'run another command in a container that runs',
    group: RUN,
    load: async () => (await import('./verbs/exec.js')).exec,
  },
  cp: {
    summary: 'copy files into a container, or out of it',
    group: RUN,
    load: async () => (await import('./verbs/cp.js')).cp,
  },
  plan: {
    summary: 'show what run would do, without doing it',
    group: RUN,
    load: async () => (await import('./verbs/plan.js')).plan,
  },
  attach: {
    summary: 'connect to what a container shows and takes',
    group: RUN,
    load: async () => (await import('./verbs/attach.js')).attach,
  },
  ps: {
    summary: 'list containers',
    group: SEE,
    load: async () => (await import('./verbs/ps.js')).ps,
  },
  tree: {
    summary: 'show containers with those that they hold',
    group: SEE,
    load: async () => (await import('./verbs/tree.js')).tree,
  },
  inspect: {
    summary: 'show all that is known of a container',
    group: SEE,
    load: async () => (await import('./verbs/inspect.js')).inspect,
  },
  logs: {
    summary: 'print what a container of run -d has written',
    group: SEE,
    load: async () => (await import('./verbs/logs.js')).logs,
  },
  stats: {
    summary: 'watch what containers use',
    group: SEE,
    load: async () => (await import('./verbs/stats.js')).stats,
  },
  top: {
    summary: 'watch containers, and hold or end them, on the whole terminal',
    group: SEE,
    load: async () => (await import('./verbs/top.js')).top,
  },
  events: {
    summary: 'tell what becomes of containers, as it happens',
    group: SEE,
    load: async () => (await import('./verbs/events.js')).events,
  },
  start: {
    summary: 'start containers of run -d that have ended',
    group: HOLD,
    load: async () => (await import('./verbs/start.js')).start,
  },
  restart: {
    summary: 'stop containers of run -d, and start them again',
    group: HOLD,
    load: async () => (await import('./verbs/start.js')).restart,
  },
  update: {
    summary: 'change the limits of containers that run',
    group: HOLD,
    load: async () => (await import('./verbs/update.js')).update,
  },
  pause: {
    summary: 'stop containers in their tracks',
    group: HOLD,
    load: async () => (await import('./verbs/pause.js')).pause,
  },
  resume: {
    summary: 'let paused containers go on',
    group: HOLD,
    aliases: ['unpause'],
    load: async () => (await import('./verbs/pause.js')).resume,
  },
  stop: {
    summary: 'ask containers to end, and kill those that do not',
    group: END,
    load: async () => (await import('./verbs/stop.js')).stop,
  },
  kill: {
    summary: 'kill containers, every process of them, or signal them',
    group: END,
    load: async () => (await import('./verbs/kill.js')).kill,
  },
  wait: {
    summary: 'wait until containers have ended',
    group: END,
    load: async () => (await import('./verbs/wait.js')).wait,
  },
  rm: {
    summary: 'forget containers of run -d that have ended',
    group: END,
    load: async () => (await import('./verbs/rm.js')).rm,
  },
  prune: {
    summary: 'clear away what crashes have left',
    group: END,
    load: async () => (await import('./verbs/prune.js')).prune,
  },
  supervise: {
    summary: 'keep containers running: what run -d starts when it is needed',
    group: HOST,
    load: async () => (await import('./verbs/supervise.js')).supervise,
  },
  doctor: {
    summary: 'say what works on this host, and how to get what does not',
    group: HOST,
    load: async () => (await import('./verbs/doctor.js')).doctor,
  },
  completion: {
    summary: 'have a shell complete what is typed',
    group: HOST,
    load: async () => (await import('./verbs/completion.js')).makeCompletion(VERBS),
  },
};
