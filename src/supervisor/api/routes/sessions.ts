import type { TerminalSize } from '../../../spec/options.js';
import { allOptional, parseShape } from '../../../spec/options-schema.js';
import { checkSize } from '../../../spec/parse/terminal.js';
import { ENDPOINTS } from '../endpoints.js';
import { type Route, route } from '../route.js';
import { count, described, signal } from '../shapes.js';

const GROUP = 'Sessions';

const SIZE_SHAPES = {
  columns: described(count(1), 'Width in characters.'),
  rows: described(count(1), 'Height in characters.'),
};

const resizeSession = route({
  name: 'resizeSession',
  endpoint: ENDPOINTS.resizeSession,
  group: GROUP,
  summary: 'change the size of the terminal of an exec or an attachment',
  confined: true,
  body: {
    schema: allOptional(SIZE_SHAPES),
    read: (body): TerminalSize => {
      const size: Partial<TerminalSize> = parseShape(
        allOptional(SIZE_SHAPES),
        body,
        Object.keys(SIZE_SHAPES),
      ) as object;
      return checkSize(size, 'size');
    },
  },
  answer: { status: 204, means: 'it has that size' },
  errors: [400, 404],
  handle: ({ caller, params, body, server }) => {
    server.sessions.find(caller, params.session).resize(body);
    return undefined;
  },
});

const SIGNAL_SHAPES = { signal: described(signal, 'Its name or number. Default: SIGTERM') };

interface SignalWords {
  readonly signal?: string | number;
}

const signalSession = route({
  name: 'signalSession',
  endpoint: ENDPOINTS.signalSession,
  group: GROUP,
  summary: 'send a signal to the process of an exec',
  confined: true,
  body: {
    schema: allOptional(SIGNAL_SHAPES),
    read: (body): SignalWords => parseShape(allOptional(SIGNAL_SHAPES), body ?? {}, ['signal']) as SignalWords,
    optional: true,
  },
  answer: { status: 200, means: 'it was sent, or there was nobody any more to get it', type: 'Changed' },
  errors: [400, 404],
  handle: async ({ caller, params, body, server }) => ({
    json: { changed: await server.sessions.findProcess(caller, params.session).signal(body.signal ?? 'SIGTERM') },
  }),
});

const abortSession = route({
  name: 'abortSession',
  endpoint: ENDPOINTS.abortSession,
  group: GROUP,
  summary: 'end an exec as its stopSignal and gracePeriod say',
  confined: true,
  answer: { status: 204, means: 'it was asked to end' },
  errors: [404],
  handle: ({ caller, params, server }) => {
    server.sessions.findProcess(caller, params.session).abort();
    return undefined;
  },
});

const killSession = route({
  name: 'killSession',
  endpoint: ENDPOINTS.killSession,
  group: GROUP,
  summary: 'kill the process of an exec and all that it has started',
  confined: true,
  answer: { status: 204, means: 'nothing of it is left' },
  errors: [404],
  handle: async ({ caller, params, server }) => {
    await server.sessions.findProcess(caller, params.session).kill();
    return undefined;
  },
});

/** The routes of what was begun by an exec or an attachment. */
export const SESSION_ROUTES: readonly Route[] = [resizeSession, signalSession, abortSession, killSession];
