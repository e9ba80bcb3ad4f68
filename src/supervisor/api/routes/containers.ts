import type { ServerResponse } from 'node:http';
import { CREATE_SCHEMA, type CreateRequest, readCreateBody } from '../create-body.js';
import { ENDPOINTS } from '../endpoints.js';
import { errorBody } from '../error-body.js';
import { type ApiRequest, type Reply, type Route, route } from '../route.js';
import { described, flagText } from '../shapes.js';
import { TYPES, beginStream, sendLine } from '../writing.js';

const GROUP = 'Containers';

const list = route({
  name: 'list',
  endpoint: ENDPOINTS.list,
  group: GROUP,
  summary: 'list the containers of the supervisor, by name',
  confined: true,
  answer: { status: 200, means: 'the containers', type: 'SupervisedList' },
  handle: async ({ face }) => ({ json: await face.list() }),
});

const create = route({
  name: 'create',
  endpoint: ENDPOINTS.create,
  group: GROUP,
  summary: 'make a container, and start it',
  description:
    'The words are those of corral.json, and some more. With `lease` the answer lasts: lines of JSON, the first with the container, the last with how it ended; when the connection closes, however that comes, the container is killed.',
  confined: true,
  body: { schema: CREATE_SCHEMA, read: readCreateBody },
  answer: {
    status: 201,
    means: 'it runs, or, without `start`, is made',
    type: 'CreatedContainer',
    also: { [TYPES.lines]: 'with `lease`: lines of the type LeaseLine' },
  },
  errors: [400, 409, 422],
  handle: (request) => createContainer(request),
});

async function createContainer(request: ApiRequest<unknown, unknown, CreateRequest>): Promise<Reply> {
  const { face, gone, body } = request;
  const { options, start, lease: leased } = body;
  const container = await face.create(options, { start, ...(leased ? { lease: gone } : {}) });
  if (!leased) return { json: container, status: 201 };
  return { write: (outgoing) => holdLease(request, { container, status: 201 }, outgoing) };
}

async function holdLease(
  { face, gone }: Pick<ApiRequest<unknown, unknown, unknown>, 'face' | 'gone'>,
  { container, status }: { readonly container: { readonly id: string }; readonly status: number },
  outgoing: ServerResponse,
): Promise<void> {
  beginStream(outgoing, TYPES.lines, {}, status);
  await sendLine(outgoing, { container });
  try {
    await sendLine(outgoing, { end: await face.wait(container.id, { signal: gone }) });
  } catch (error) {
    if (!gone.aborted) await sendLine(outgoing, errorBody(error));
  }
  outgoing.end();
}

const lease = route({
  name: 'lease',
  endpoint: ENDPOINTS.lease,
  group: GROUP,
  summary: 'keep a container alive for as long as this connection is open',
  description:
    'For makers whose connection has gone with a supervisor that has died: the next one gives them some seconds to come back.',
  confined: true,
  answer: { status: 200, means: 'the container, and in the end how it ended', type: 'LeaseLine', as: 'lines' },
  errors: [404],
  handle: async (request) => {
    const { face, params, gone } = request;
    const container = await face.get(params.id);
    await face.lease(params.id, gone);
    return { write: (outgoing) => holdLease(request, { container, status: 200 }, outgoing) };
  },
});

const get = route({
  name: 'get',
  endpoint: ENDPOINTS.get,
  group: GROUP,
  summary: 'say what a list says of a container',
  confined: true,
  answer: { status: 200, means: 'the container', type: 'SupervisedInfo' },
  errors: [404],
  handle: async ({ face, params }) => ({ json: await face.get(params.id) }),
});

const inspect = route({
  name: 'inspect',
  endpoint: ENDPOINTS.inspect,
  group: GROUP,
  summary: 'say all that is known of a container',
  confined: true,
  answer: { status: 200, means: 'the container', type: 'SupervisedDetails' },
  errors: [404],
  handle: async ({ face, params }) => ({ json: await face.inspect(params.id) }),
});

const processes = route({
  name: 'processes',
  endpoint: ENDPOINTS.processes,
  group: GROUP,
  summary: 'list the processes of a container',
  confined: true,
  answer: { status: 200, means: 'its processes; none where it does not run', type: 'ProcessList' },
  errors: [404],
  handle: async ({ face, params }) => ({ json: await face.processes(params.id) }),
});

const remove = route({
  name: 'remove',
  endpoint: ENDPOINTS.remove,
  group: GROUP,
  summary: 'forget a container, with its logs',
  confined: true,
  query: { force: described(flagText, 'Kill it first, where it runs.') },
  answer: { status: 204, means: 'nothing of it is left' },
  errors: [404, 409],
  handle: async ({ face, params, query }) => {
    await face.remove(params.id, { force: query.force ?? false });
    return undefined;
  },
});

/** The routes of containers as such. */
export const CONTAINER_ROUTES: readonly Route[] = [list, create, get, inspect, processes, remove, lease];
