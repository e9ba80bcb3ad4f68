import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../../../src/supervisor/api/endpoints.js';
import { ROUTES } from '../../../../src/supervisor/api/routes/all.js';
import { type ServedFake, serveFake } from '../../../helpers/api-server.js';

const path = (name: string): string => fileURLToPath(new URL(`../../../../${name}`, import.meta.url));

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const document = JSON.parse(readFileSync(path('schema/openapi.json'), 'utf8')) as Document;
const operations = Object.entries(document.paths).flatMap(([route, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ endpoint: `${method.toUpperCase()} ${route}`, operation })),
);

describe('the description of the API', () => {
  it('is what npm run build:api-docs makes, and so is the reference', () => {
    const { stderr, status } = spawnSync(process.execPath, [path('scripts/build-api-docs.mjs'), '--check'], {
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  }, 60_000);

  it('has every route under its name, and no other', () => {
    const described = Object.fromEntries(
      operations.map(({ endpoint, operation }) => [operation.operationId, endpoint]),
    );
    expect(described).toEqual(Object.fromEntries(ROUTES.map(({ name, endpoint }) => [name, endpoint])));
    expect(described).toMatchObject(ENDPOINTS);
  });

  it('refers to nothing that is not there', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name);
    expect(references.length).toBeGreaterThan(100);
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });
});

describe('what the server answers', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  beforeAll(() => ajv.addSchema(document, 'api'));

  /** Asks, and checks the answer, line by line where it has lines, by what the description says of it. */
  async function check(it: ServedFake, endpoint: string, line: string, body?: object): Promise<readonly object[]> {
    const { status, type, text } = await ask(it.socket, line, body);
    const found = operations.find((one) => one.endpoint === endpoint)?.operation.responses[String(status)];
    expect(found, `${endpoint}: ${String(status)}`).toBeDefined();
    if (status === 204) return [];
    const schema = found?.content?.[type]?.schema;
    expect(schema, `${endpoint}: ${type}`).toBeDefined();
    const pointer = JSON.stringify(schema).replaceAll('#/components', 'api#/components');
    const validate = ajv.compile(JSON.parse(pointer) as object);
    return text
      .trim()
      .split('\n')
      .map((one) => {
        const value = JSON.parse(one) as object;
        expect(validate(value) || validate.errors, `${endpoint}: ${one}`).toBe(true);
        return value;
      });
  }

  it('is what is described', async () => {
    await using it = await serveFake();
    const health = { command: ['true'], interval: '5s' };
    const create = { command: ['sleep', '9'], name: 'web', restart: 'on-failure:3', log: 'json', health };
    await check(it, 'POST /v1/containers', 'POST /v1/containers', create);
    it.fake.containers
      .get('web')
      ?.log.push({ data: Buffer.from([0xff]), stream: 'stderr', time: '2026-01-02T03:04:05Z' });
    const one = '/v1/containers/web';
    const any = '/v1/containers/{id}';
    await check(it, 'GET /v1/containers', 'GET /v1/containers');
    for (const verb of ['', '/inspect', '/processes', '/stats', '/logs'])
      await check(it, `GET ${any}${verb}`, `GET ${one}${verb}`);
    for (const verb of ['pause', 'resume', 'start', 'restart'])
      await check(it, `POST ${any}/${verb}`, `POST ${one}/${verb}`);
    await check(it, `POST ${any}/update`, `POST ${one}/update`, { memory: '1G' });
    await check(it, `POST ${any}/signal`, `POST ${one}/signal`, { signal: 'HUP' });
    await check(it, `POST ${any}/signal`, `POST ${one}/signal`, { signal: {} });
    const lines = await check(it, `POST ${any}/exec`, `POST ${one}/exec?command=echo&command=hi`);
    expect(lines).toMatchObject([{ exec: {} }, { stdout: 'hi\n' }, { exit: { exitCode: 0 } }]);
    it.fake.attached.shown.end('bye');
    expect(await check(it, `POST ${any}/attach`, `POST ${one}/attach`)).toMatchObject([
      { attached: {} },
      { output: 'bye' },
      { end: true },
    ]);
    await check(it, `POST ${any}/exec`, `POST ${one}/exec`, { command: [] });
    await check(it, `DELETE ${any}`, `DELETE ${one}`);
    await check(it, `POST ${any}/stop`, `POST ${one}/stop`);
    await check(it, `GET ${any}/wait`, `GET ${one}/wait`);
    await check(it, `POST ${any}/kill`, `POST ${one}/kill`);
    await check(it, `DELETE ${any}`, `DELETE ${one}`);
    await check(it, `GET ${any}`, `GET ${one}`);
    for (const route of ['/v1/ping', '/v1/version', '/v1/info']) await check(it, `GET ${route}`, `GET ${route}`);
  });
});

async function ask(
  socketPath: string,
  line: string,
  body?: object,
): Promise<{ status: number; type: string; text: string }> {
  const [method = '', target = ''] = line.split(' ');
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const asked = request({ socketPath, method, path: target, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const type = answer.headers['content-type'] ?? '';
        resolve({ status: answer.statusCode ?? 0, type, text: Buffer.concat(chunks).toString() });
      });
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
