import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { isContainerError } from '../../src/errors/container-error.js';
import { formatPlan } from '../../src/plan/format.js';
import { parseConfig } from '../../src/spec/config/config.js';
import type { Spec } from '../../src/spec/types.js';
import { HOSTS, readFacts } from '../helpers/golden-hosts.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The configurations of three engines, in the shape in which they write them. */
const ENGINES: readonly string[] = readdirSync(here('engine-specs')).map((file) => file.replace('.json', ''));

const readSpec = (engine: string): Spec =>
  parseConfig(readFileSync(here(`engine-specs/${engine}.json`)), '/bundle').spec;

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
