// The OpenAPI document of the supervisor's socket.

const STATUSES = {
  400: 'It makes no sense: a field is unknown, of a wrong type or out of range.',
  404: 'There is no such container, or session.',
  409: 'The name is taken, or the container is not in a state in which that can be done.',
  422: 'This host cannot give it, or what was to be started cannot be.',
};

/** Those that every route has. */
const ALWAYS = {
  403: 'The caller may not do that.',
  500: 'It failed.',
  503: 'There are too many connections, or the supervisor is on its way out: `ERR_CLOSING`, and nothing was done.',
};

/**
 * Returns the document.
 *
 * @param routes - the table, its schemas as JSON schema
 * @param answers - the types that they answer with
 * @param options - the schema of corral.json, which has the words of the options
 */
export function makeOpenApi({ routes, answers, options, version }) {
  const paths = {};
  for (const route of routes) {
    const [method, path] = route.endpoint.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(route, options) };
  }
  const schemas = Object.fromEntries(
    Object.entries(answers)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, schema]) => [schemaName(name), moveReferences(schema)]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'The supervisor of corral',
      version,
      description: 'HTTP/1.1 over the Unix socket `api/corral.sock` in the state directory.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://corral', description: 'Any name will do: the socket says who is meant.' }],
    tags: [...new Set(routes.map(({ group }) => group))].map((name) => ({ name })),
    paths,
    components: { schemas },
  };
}

function operation(route, options) {
  const { name, group, summary, description, endpoint, query, confined } = route;
  const inPath = [...endpoint.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
    name: parameter,
    in: 'path',
    required: true,
    description: parameter === 'id' ? 'The name of the container.' : 'The id of the session.',
    schema: { type: 'string' },
  }));
  const inQuery = query.map(({ name: parameter, schema: { description: words, ...schema } }) => ({
    name: parameter,
    in: 'query',
    description: words,
    schema,
  }));
  const parameters = [...inPath, ...inQuery];
  return {
    operationId: name,
    tags: [group],
    summary: summary[0].toUpperCase() + summary.slice(1),
    ...(description && { description }),
    'x-inside-containers': confined === true,
    ...(parameters.length > 0 && { parameters }),
    ...requestBody(route, options),
    responses: { [route.answer.status]: success(route.answer), ...failures(route.errors ?? []) },
  };
}

function requestBody({ name, body, streamBody }, options) {
  if (streamBody !== undefined) {
    const content = { 'application/octet-stream': {}, ...(name === 'exec' && { 'application/json': {} }) };
    return { requestBody: { required: false, description: streamBody, content } };
  }
  if (body === undefined) return {};
  const schema = { ...body.schema, properties: addWords(body.schema.properties, options) };
  return { requestBody: { required: !body.optional, content: { 'application/json': { schema } } } };
}

// The options of a container have their words in the library.
function addWords(properties, options) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const words = schema.description ?? options.properties[name]?.description;
      const description = words?.replace('this file', 'callerDirectory');
      if (description === undefined) throw new Error(`${name} has no description`);
      return [name, { ...schema, description }];
    }),
  );
}

const CONTENT = { json: 'application/json', lines: 'application/x-ndjson' };

function success({ means, type, as = 'json', also = {}, status }) {
  const description = means[0].toUpperCase() + means.slice(1);
  if (status === 204) return { description };
  const schema = type === undefined ? { type: 'object' } : { $ref: `#/components/schemas/${schemaName(type)}` };
  const others = Object.entries(also).map(([name, words]) => [
    name,
    { schema: { type: 'string', description: words } },
  ]);
  return { description, content: { [CONTENT[as]]: { schema }, ...Object.fromEntries(others) } };
}

function failures(statuses) {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/ErrorBody' } } };
  const own = statuses.map((status) => [status, STATUSES[status]]);
  return Object.fromEntries(
    [...own, ...Object.entries(ALWAYS)].map(([status, description]) => [status, { description, content }]),
  );
}

// Instantiated generics have names that a document cannot have.
function schemaName(name) {
  return decodeURIComponent(name).replace(/[^A-Za-z0-9._-]+/g, '_');
}

function moveReferences(value) {
  if (Array.isArray(value)) return value.map(moveReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) =>
      key === '$ref'
        ? [key, `#/components/schemas/${schemaName(part.slice('#/definitions/'.length))}`]
        : [key, moveReferences(part)],
    ),
  );
}
