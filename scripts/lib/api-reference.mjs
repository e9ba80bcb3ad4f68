// The reference in docs/api.md, made of the OpenAPI document.

/** Returns it as Markdown. */
export function makeReference({ paths, tags, components }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
  );
  const groups = tags.map(({ name }) => {
    const own = operations.filter((operation) => operation.tags.includes(name));
    return `### ${name}\n\n${own.map(formatOperation).join('\n\n')}`;
  });
  const used = reachable(operations, components.schemas);
  const types = [...used].sort().map((name) => formatType(name, components.schemas[name]));
  return ['## Reference', ...groups, '### Types', ...types].join('\n\n');
}

/** What the operations answer with; not the parts of a spec, which the runtime-spec of the OCI describes. */
function reachable(operations, schemas) {
  const found = new Set();
  const visit = (value) => {
    if (typeof value !== 'object' || value === null) return;
    const name = value.$ref?.split('/').at(-1);
    if (name !== undefined && !found.has(name)) {
      found.add(name);
      if (name !== 'Spec') visit(schemas[name]);
    }
    Object.values(value).forEach(visit);
  };
  visit(operations);
  // What is part of an answer that has no schema of its own.
  visit({ $ref: '#/components/schemas/LeaseLine' });
  return found;
}

function formatOperation({ method, path, summary, description, parameters = [], requestBody, responses, ...rest }) {
  const inside = rest['x-inside-containers'] ? '' : ' Not for callers in a container.';
  return [
    `#### \`${method} ${path}\``,
    `${summary}.${description === undefined ? '' : ` ${description}`}${inside}`,
    ...list(
      'Query',
      parameters
        .filter((parameter) => parameter.in === 'query')
        .map(({ name, schema, description: words }) => [name, schema, words]),
    ),
    ...formatBody(requestBody),
    formatResponses(responses),
  ].join('\n\n');
}

function formatBody(body) {
  if (body === undefined) return [];
  const schema = body.content['application/json']?.schema;
  if (body.description !== undefined) return [`Body: ${body.description}`];
  return list(
    'Body',
    Object.entries(schema.properties).map(([name, one]) => [name, one, one.description]),
  );
}

function list(title, fields) {
  if (fields.length === 0) return [];
  const lines = fields.map(
    ([name, schema, words = '']) => `- \`${name}\`: ${typeOf(schema)}${words === '' ? '' : `. ${words}`}`,
  );
  return [`${title}:`, lines.join('\n')];
}

function formatResponses(responses) {
  const own = Object.entries(responses).map(([status, { description, content = {} }]) => {
    if (Number(status) >= 400) return undefined;
    const kinds = Object.entries(content).map(([type, { schema }]) =>
      schema.description === undefined ? `${typeOf(schema)} as \`${type}\`` : `\`${type}\`: ${schema.description}`,
    );
    return `${status}: ${description[0].toLowerCase()}${description.slice(1)}${kinds.length === 0 ? '' : ` (${kinds.join('; ')})`}`;
  });
  const errors = Object.keys(responses).filter(
    (status) => Number(status) >= 400 && ![403, 500, 503].includes(Number(status)),
  );
  const also = errors.length === 0 ? '' : ` Errors of its own: ${errors.join(', ')}.`;
  return `Answers ${own.filter(Boolean).join('; ')}.${also}`;
}

function formatType(name, schema) {
  if (name === 'Spec') return '#### Spec\n\nA configuration of the OCI runtime-spec.';
  const words = schema.description === undefined ? [] : [schema.description];
  const head = [`#### ${name}`, ...words];
  if (schema.properties === undefined) return [...head, `${typeOf(schema)}.`].join('\n\n');
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties).map(([field, one]) => [
    required.has(field) ? field : `${field}?`,
    one,
    one.description,
  ]);
  return [...head, ...list('Fields', rows)].join('\n\n');
}

function typeOf(schema) {
  if (schema.$ref !== undefined) return link(schema.$ref.split('/').at(-1));
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  const several = schema.anyOf ?? schema.oneOf;
  if (several !== undefined) return [...new Set(several.map(typeOf))].join(' or ');
  if (schema.type === 'array') return schema.items === undefined ? 'list' : `list of ${typeOf(schema.items)}`;
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  return schema.type ?? 'anything';
}

function link(name) {
  return `[${name}](#${name.toLowerCase()})`;
}
