import { ENDPOINTS } from '../endpoints.js';
import { type Route, route } from '../route.js';
import { writeText } from '../writing.js';

const GROUP = 'Supervisor';

const ping = route({
  name: 'ping',
  endpoint: ENDPOINTS.ping,
  group: GROUP,
  summary: 'say that the supervisor is there',
  confined: true,
  answer: { status: 204, means: 'it is' },
  handle: () => undefined,
});

const version = route({
  name: 'version',
  endpoint: ENDPOINTS.version,
  group: GROUP,
  summary: 'say which version it is',
  confined: true,
  answer: { status: 200, means: 'the versions', type: 'VersionAnswer' },
  handle: ({ server }) => ({ json: { version: server.info().version, api: 'v1' } }),
});

const info = route({
  name: 'info',
  endpoint: ENDPOINTS.info,
  group: GROUP,
  summary: 'say what the supervisor is, and where',
  answer: { status: 200, means: 'what it says of itself', type: 'ServerInfo' },
  handle: ({ server }) => ({ json: server.info() }),
});

const openapi = route({
  name: 'openapi',
  endpoint: ENDPOINTS.openapi,
  group: GROUP,
  summary: 'describe this API, as OpenAPI 3.1',
  confined: true,
  answer: { status: 200, means: 'the document' },
  handle: ({ server }) => ({
    write: (outgoing) => {
      writeText(outgoing, server.openapi());
      return Promise.resolve();
    },
  }),
});

/** The routes of the supervisor itself. */
export const SERVER_ROUTES: readonly Route[] = [ping, version, info, openapi];
