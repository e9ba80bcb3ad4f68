import { setTimeout as delay } from 'node:timers/promises';
import type { Stats } from '../../../cgroup/stats.js';
import { StateError } from '../../../errors/state-errors.js';
import { defined } from '../../../util/defined.js';
import type { SupervisedEvent } from '../../events.js';
import type { SupervisorFace } from '../../face.js';
import type { LogLine } from '../../logs/types.js';
import type { LogAnswer } from '../answers.js';
import { ENDPOINTS } from '../endpoints.js';
import { encodeBytes } from '../output.js';
import { type Route, route } from '../route.js';
import { countText, described, flagText, manyTexts, momentText, timeText } from '../shapes.js';
import { TYPES, chooseType, sendAll } from '../writing.js';

const GROUP = 'Watching';

const logs = route({
  name: 'logs',
  endpoint: ENDPOINTS.logs,
  group: GROUP,
  summary: 'read what a container has written',
  confined: true,
  query: {
    follow: described(flagText, 'Go on as more is written, until it has ended for good.'),
    tail: described(countText(0), 'Only the last so many lines.'),
    since: described(momentText, 'Only from then on: RFC 3339, or how long ago, such as 10m. Not of a raw log.'),
    until: described(momentText, 'Only until then, likewise.'),
  },
  answer: {
    status: 200,
    means: 'the log',
    type: 'LogAnswer',
    as: 'lines',
    also: { 'text/plain': 'as it was written', [TYPES.bytes]: 'the same' },
  },
  errors: [400, 404],
  handle: async ({ face, params, query, gone, incoming }) => {
    await face.get(params.id);
    const type = chooseType(incoming.headers.accept, [TYPES.lines, TYPES.text, TYPES.bytes]);
    const format = type === TYPES.lines ? formatLine : formatRaw;
    const lines = face.logs(params.id, { ...defined(query), signal: gone });
    return { write: (outgoing) => sendAll(outgoing, lines, { type, format }) };
  },
});

function formatLine({ data, ...rest }: LogLine): string {
  const answer: LogAnswer = { ...rest, data: encodeBytes(data) };
  return `${JSON.stringify(answer)}\n`;
}

// Of a raw log, the newlines are among the bytes.
function formatRaw({ data, stream, partial }: LogLine): Uint8Array {
  return stream === undefined || partial === true ? data : Buffer.concat([data, NEWLINE]);
}

const NEWLINE = Buffer.from('\n');

const events = route({
  name: 'events',
  endpoint: ENDPOINTS.events,
  group: GROUP,
  summary: 'tell what becomes of containers, as it happens',
  description: 'The answer begins at once, and lasts until the connection is closed.',
  confined: true,
  query: { name: described(manyTexts, 'Only of this container, there or not; may be given many times.') },
  answer: {
    status: 200,
    means: 'the events from now on',
    type: 'SupervisedEvent',
    as: 'lines',
    also: { [TYPES.sse]: 'server-sent events, whose data is that of a line' },
  },
  errors: [400],
  handle: ({ face, query, gone, incoming }) => {
    const type = chooseType(incoming.headers.accept, [TYPES.lines, TYPES.sse]);
    const format = type === TYPES.sse ? formatSse : formatEvent;
    const found = face.events({ ...defined({ names: query.name }), signal: gone });
    return { write: (outgoing) => sendAll(outgoing, found, { type, format }) };
  },
});

function formatEvent(event: SupervisedEvent): string {
  return `${JSON.stringify(event)}\n`;
}

function formatSse(event: SupervisedEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

const stats = route({
  name: 'stats',
  endpoint: ENDPOINTS.stats,
  group: GROUP,
  summary: 'say what a container uses',
  confined: true,
  query: { interval: described(timeText, 'Say it again each time this has passed, until it has ended.') },
  answer: {
    status: 200,
    means: 'what it uses now',
    type: 'Stats',
    also: { [TYPES.lines]: 'with `interval`: lines of the same type' },
  },
  errors: [400, 404, 409],
  handle: async ({ face, params: { id }, query: { interval }, gone }) => {
    if (interval === undefined) return { json: await readStats(face, id) };
    const all = repeatStats(face, id, { interval, gone });
    const format = (now: Stats): string => `${JSON.stringify(now)}\n`;
    return { write: (outgoing) => sendAll(outgoing, all, { type: TYPES.lines, format }) };
  },
});

/** The shortest time between two looks. */
const SHORTEST_MS = 100;

async function* repeatStats(
  face: SupervisorFace,
  id: string,
  { interval, gone }: { readonly interval: number; readonly gone: AbortSignal },
): AsyncIterable<Stats> {
  yield await readStats(face, id);
  try {
    for (;;) {
      await delay(Math.max(SHORTEST_MS, interval), undefined, { signal: gone });
      yield await readStats(face, id);
    }
  } catch {
    // It has ended, or the client has gone.
  }
}

async function readStats(face: SupervisorFace, id: string): Promise<Stats> {
  const { status, stats: found } = await face.get(id);
  if (found !== undefined) return found;
  throw new StateError('read the stats of', id, status);
}

/** The routes of what is to be seen of containers. */
export const WATCH_ROUTES: readonly Route[] = [logs, events, stats];
