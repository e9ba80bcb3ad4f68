import type { Verb } from './verb.js';

interface VerbEntry {
  readonly summary: string;
  readonly hidden?: boolean;
  readonly load: () => Promise<Verb>;
}

/** The verbs, as runc has them. */
export const VERBS: Readonly<Record<string, VerbEntry>> = {
  create: { summary: 'create a container', load: async () => (await import('./verbs/create.js')).create },
  start: { summary: 'start a created container', load: async () => (await import('./verbs/start.js')).start },
  run: { summary: 'create and start a container', load: async () => (await import('./verbs/run.js')).run },
  state: { summary: 'print the state of a container', load: async () => (await import('./verbs/state.js')).state },
  kill: { summary: 'send a signal to a container', load: async () => (await import('./verbs/kill.js')).kill },
  delete: { summary: 'remove a container', load: async () => (await import('./verbs/delete.js')).remove },
  list: { summary: 'list containers', load: async () => (await import('./verbs/list.js')).list },
  ps: { summary: 'list the processes of a container', load: async () => (await import('./verbs/ps.js')).ps },
  exec: { summary: 'run a process in a container', load: async () => (await import('./verbs/exec.js')).exec },
  pause: { summary: 'stop all processes in their tracks', load: async () => (await import('./verbs/pause.js')).pause },
  update: { summary: 'change the limits of a container', load: async () => (await import('./verbs/update.js')).update },
  events: { summary: 'print what a container uses', load: async () => (await import('./verbs/events.js')).events },
  checkpoint: {
    summary: 'save a running container as files, by CRIU',
    load: async () => (await import('./verbs/checkpoint.js')).checkpoint,
  },
  restore: {
    summary: 'make a container from what checkpoint has saved',
    load: async () => (await import('./verbs/restore.js')).restore,
  },
  features: {
    summary: 'print what this runtime knows',
    load: async () => (await import('./verbs/features.js')).features,
  },
  spec: { summary: 'write a config.json to begin with', load: async () => (await import('./verbs/spec.js')).spec },
  resume: { summary: 'let them go on', load: async () => (await import('./verbs/pause.js')).resume },
};
