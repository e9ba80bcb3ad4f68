import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { isContainerError } from '../../src/errors/container-error.js';
import { formatPlan } from '../../src/plan/format.js';
import { ANNOTATIONS } from '../../src/spec/annotations.js';
import type { Spec } from '../../src/spec/types.js';
import { HOSTS, readFacts } from '../helpers/golden-hosts.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The configurations of three engines, in the shape in which they write them. */
const ENGINES: readonly string[] = readdirSync(here('engine-specs')).map((file) => file.replace('.json', ''));

type Deep<T> = T extends readonly (infer E)[]
  ? readonly Deep<E>[]
  : T extends object
    ? { readonly [K in keyof T]?: Deep<T[K]> }
    : T;

/** What a config.json leaves out is empty. */
function readSpec(engine: string): Spec {
  const { process, linux, ...config } = JSON.parse(
    readFileSync(here(`engine-specs/${engine}.json`), 'utf8'),
  ) as Deep<Spec>;
  const sets = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  return {
    ...config,
    process: {
      rlimits: [],
      noNewPrivileges: false,
      ...process,
      user: { umask: 0o022, ...process?.user },
      capabilities: { ...sets, ...process?.capabilities },
    },
    linux: { uidMappings: [], gidMappings: [], sysctl: {}, resources: {}, ...linux },
    annotations: { [ANNOTATIONS.engine]: 'true' },
  } as Spec;
}

function explain(engine: string, host: string): string {
  try {
    return formatPlan(compile('box', readSpec(engine), readFacts(host)));
  } catch (error) {
    if (!isContainerError(error)) throw error;
    return `${error.name}: ${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`;
  }
}

describe.each(HOSTS)('on the host %s', (host) => {
  it.each(ENGINES)('the plan of a container of %s is the reviewed one', (engine) => {
    const text = explain(engine, host);
    const path = here(`engine-plans/${host}/${engine}.plan.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(here(`engine-plans/${host}`), { recursive: true });
      writeFileSync(path, text);
    }
    expect(text).toBe(readFileSync(path, 'utf8'));
  });
});

it('every plan that is kept belongs to a host and to an engine', () => {
  const kept = readdirSync(here('engine-plans')).flatMap((host) =>
    readdirSync(here(`engine-plans/${host}`)).map((file) => `${host}/${file}`),
  );
  expect(kept.sort()).toEqual(HOSTS.flatMap((host) => ENGINES.map((engine) => `${host}/${engine}.plan.txt`)).sort());
});
