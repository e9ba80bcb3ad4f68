import type { StopOptions } from '../../../container/ending.js';
import { OptionError } from '../../../errors/option-error.js';
import { allOptional, parseShape } from '../../../spec/options-schema.js';
import { UPDATE_SCHEMA, readUpdate } from '../../../spec/parse/update.js';
import { eitherSignal } from '../../../util/either-signal.js';
import { ENDPOINTS } from '../endpoints.js';
import { type BodyWords, type Route, route } from '../route.js';
import { described, flag, signal as signalShape, text, time } from '../shapes.js';

const GROUP = 'Life';

const STOP_SHAPES = {
  stopSignal: described(text, 'What it is asked with. Default: its own, else SIGTERM'),
  gracePeriod: described(time, 'From that to the kill. Default: its own, else 10s'),
  allProcesses: described(flag, 'Ask every process, and not only the main one. Default: false'),
};

const stopBody: BodyWords<StopOptions> = {
  schema: allOptional(STOP_SHAPES),
  read: (body) => parseShape(allOptional(STOP_SHAPES), body ?? {}, Object.keys(STOP_SHAPES)) as StopOptions,
  optional: true,
};

const start = route({
  name: 'start',
  endpoint: ENDPOINTS.start,
  group: GROUP,
  summary: 'start a container that does not run',
  confined: true,
  answer: { status: 200, means: 'it runs', type: 'Changed' },
  errors: [404, 409, 422],
  handle: async ({ face, params }) => ({ json: { changed: await face.start(params.id) } }),
});

const stop = route({
  name: 'stop',
  endpoint: ENDPOINTS.stop,
  group: GROUP,
  summary: 'ask a container to end, and kill it when it does not',
  description: 'It stays ended, whatever its restart policy says.',
  confined: true,
  body: stopBody,
  answer: { status: 200, means: 'it has ended', type: 'StopReport' },
  errors: [400, 404, 409],
  handle: async ({ face, params, body }) => ({ json: await face.stop(params.id, body) }),
});

const restart = route({
  name: 'restart',
  endpoint: ENDPOINTS.restart,
  group: GROUP,
  summary: 'stop a container, where it runs, and start it',
  confined: true,
  body: stopBody,
  answer: { status: 200, means: 'it runs again', type: 'SupervisedInfo' },
  errors: [400, 404, 409, 422],
  handle: async ({ face, params, body }) => ({ json: await face.restart(params.id, body) }),
});

const kill = route({
  name: 'kill',
  endpoint: ENDPOINTS.kill,
  group: GROUP,
  summary: 'kill a container, every process of it',
  description: 'It stays ended, whatever its restart policy says.',
  confined: true,
  answer: { status: 200, means: 'no process of it is left', type: 'KillReport' },
  errors: [404, 409],
  handle: async ({ face, params }) => ({ json: await face.kill(params.id) }),
});

const SIGNAL_SHAPES = {
  signal: described(signalShape, 'Its name or number.'),
  all: described(flag, 'Every process gets it, and not only the main one. Default: false'),
};

interface SignalWords {
  readonly signal: string | number;
  readonly all?: boolean;
}

const signal = route({
  name: 'signal',
  endpoint: ENDPOINTS.signal,
  group: GROUP,
  summary: 'send a signal to the main process of a container, or to all',
  confined: true,
  body: {
    schema: allOptional(SIGNAL_SHAPES),
    read: (body): SignalWords => {
      const words: Partial<SignalWords> = parseShape(
        allOptional(SIGNAL_SHAPES),
        body,
        Object.keys(SIGNAL_SHAPES),
      ) as object;
      if (words.signal === undefined) throw new OptionError('signal', undefined, 'a signal such as SIGTERM');
      return { ...words, signal: words.signal };
    },
  },
  answer: { status: 204, means: 'it was sent' },
  errors: [400, 404, 409],
  handle: async ({ face, params, body: { signal: name, all = false } }) => {
    await face.signal(params.id, name, { all });
    return undefined;
  },
});

const pause = route({
  name: 'pause',
  endpoint: ENDPOINTS.pause,
  group: GROUP,
  summary: 'stop all processes of a container in their tracks',
  confined: true,
  answer: { status: 200, means: 'they stand still', type: 'Changed' },
  errors: [404, 409],
  handle: async ({ face, params }) => ({ json: { changed: await face.pause(params.id) } }),
});

const resume = route({
  name: 'resume',
  endpoint: ENDPOINTS.resume,
  group: GROUP,
  summary: 'let a paused container go on',
  confined: true,
  answer: { status: 200, means: 'they go on', type: 'Changed' },
  errors: [404, 409],
  handle: async ({ face, params }) => ({ json: { changed: await face.resume(params.id) } }),
});

const update = route({
  name: 'update',
  endpoint: ENDPOINTS.update,
  group: GROUP,
  summary: 'change the limits of a container that runs',
  description: "What is not given stays as it is; 'max' takes a limit away.",
  confined: true,
  body: { schema: UPDATE_SCHEMA, read: readUpdate },
  answer: { status: 200, means: 'the limits that are in force now', type: 'Limits' },
  errors: [400, 404, 409, 422],
  handle: async ({ face, params, body }) => ({ json: await face.update(params.id, body) }),
});

const wait = route({
  name: 'wait',
  endpoint: ENDPOINTS.wait,
  group: GROUP,
  summary: 'wait until a container has ended and is not to be started again',
  description: 'The answer comes when it has; closing the connection ends the wait.',
  confined: true,
  answer: { status: 200, means: 'how its last run ended', type: 'RunEnd' },
  errors: [404, 409],
  handle: async ({ face, params, gone, server: { closing } }) => {
    using either = eitherSignal(gone, closing);
    return { json: await face.wait(params.id, { signal: either.signal }) };
  },
});

/** The routes of what is done with containers. */
export const LIFE_ROUTES: readonly Route[] = [start, stop, restart, kill, signal, pause, resume, update, wait];
