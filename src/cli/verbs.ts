import type { Verb } from './verb.js';

/** What the overview tells of a verb, and how to get hold of it. */
export interface VerbEntry {
  readonly summary: string;
  readonly group: string;
  /** Loads the verb; no other verb's file is read for that. */
  readonly load: () => Promise<Verb>;
}

const RUN = 'Run commands';
const SEE = 'See what runs';
const END = 'End it';

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
  ps: {
    summary: 'list containers',
    group: SEE,
    load: async () => (await import('./verbs/ps.js')).ps,
  },
  kill: {
    summary: 'kill containers, every process of them',
    group: END,
    load: async () => (await import('./verbs/kill.js')).kill,
  },
  prune: {
    summary: 'clear away what crashes have left',
    group: END,
    load: async () => (await import('./verbs/prune.js')).prune,
  },
};
