// Writes schema/openapi.json, which the supervisor serves, and the reference in docs/api.md.
//
// Both are made of the table of routes (src/supervisor/api/routes) and of the types that these answer with (src/supervisor/api/answers.ts),
// words included. A test fails when the files are not what this makes of them.
//
//   node scripts/build-api-docs.mjs          writes the files
//   node scripts/build-api-docs.mjs --check  says which of them are out of date, and fails
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { format } from 'prettier';
import { createGenerator } from 'ts-json-schema-generator';
import { makeOpenApi } from './lib/openapi.mjs';
import { makeReference } from './lib/api-reference.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const BUNDLE = `${root}/scripts/.api-routes.${process.pid}.tmp.mjs`;
const BEGIN = '<!-- The rest is made by scripts/build-api-docs.mjs. -->';

const { routes } = await loadRoutes();
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const options = JSON.parse(readFileSync(`${root}/schema/corral.schema.json`, 'utf8'));
const document = makeOpenApi({ routes, answers: describeAnswers(), options, version });

const manual = readFileSync(`${root}/docs/api.md`, 'utf8');
const tour = manual.slice(0, manual.indexOf(BEGIN));
const files = {
  'schema/openapi.json': await format(JSON.stringify(document), { parser: 'json', printWidth: 120 }),
  'docs/api.md': await format(`${tour}${BEGIN}\n\n${makeReference(document)}`, {
    parser: 'markdown',
    printWidth: 120,
    proseWrap: 'always',
    singleQuote: true,
  }),
};

for (const [path, text] of Object.entries(files)) {
  if (!process.argv.includes('--check')) writeFileSync(`${root}/${path}`, text);
  else if (readIfThere(`${root}/${path}`) !== text) {
    console.error(`${path} is out of date: npm run build:api-docs`);
    process.exitCode = 1;
  }
}

/** The table, without what acts: it is only looked at. */
async function loadRoutes() {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/supervisor/api/routes/all.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: BUNDLE,
    external: ['valibot'],
    plugins: [withoutNative()],
  });
  try {
    const [{ ROUTES }, { toJsonSchema }, { getDescription }] = await Promise.all([
      import(BUNDLE),
      import('@valibot/to-json-schema'),
      import('valibot'),
    ]);
    // What is converted has its words behind the conversion, where the schema of the input does not look.
    const toSchema = (schema) => {
      const rest = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
      delete rest.$schema;
      const description = getDescription(schema.wrapped ?? schema);
      return { ...(description && { description }), ...rest };
    };
    const toFields = ({ entries }) => Object.entries(entries).map(([name, entry]) => [name, toSchema(entry)]);
    const toBody = ({ schema, optional }) => ({
      schema: { ...toSchema(schema), properties: Object.fromEntries(toFields(schema)) },
      optional: optional === true,
    });
    return {
      routes: ROUTES.map(({ body, query = {}, ...route }) => ({
        ...route,
        ...(body && { body: toBody(body) }),
        query: Object.entries(query).map(([name, schema]) => ({ name, schema: toSchema(schema) })),
      })),
    };
  } finally {
    rmSync(BUNDLE, { force: true });
  }
}

function withoutNative() {
  return {
    name: 'without-native',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\/native\/[^/]+$/ }, ({ path }) => ({ path, namespace: 'native' }));
      onLoad({ filter: /.*/, namespace: 'native' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
    },
  };
}

/** The types of the answers as JSON schema, with what their comments say. */
function describeAnswers() {
  const generator = createGenerator({
    path: `${root}/src/supervisor/api/answers.ts`,
    tsconfig: `${root}/tsconfig.json`,
    type: 'Answers',
    topRef: false,
    expose: 'export',
    skipTypeCheck: true,
  });
  const { properties, definitions } = generator.createSchema('Answers');
  const isOwn = ([name, { $ref }]) => $ref !== `#/definitions/${name}`;
  return { ...definitions, ...Object.fromEntries(Object.entries(properties).filter(isOwn)) };
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
