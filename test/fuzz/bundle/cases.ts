import fc from 'fast-check';
import type { Json } from '../../../src/spec/config/json.js';
import { formatJson } from '../../helpers/configs.js';
import { merge } from '../../unit/spec/config/cases.js';
import { type Seen, arbitraryConfig, collectValues } from '../generate.js';
import { mutateConfig } from '../mutate.js';
import { type Random, createRandom, pick } from '../random.js';
import { baseConfigs, parts, runnable } from './base.js';
import { VARIANTS } from './variants.js';
import { ANYWHERE, WORDS } from './words.js';

/** How a config.json was made. */
export type Kind = 'as it is' | 'mutated' | 'from the schema' | 'put together';

/** Makes a config.json for each number. */
export interface Cases {
  /** How many of the first ones are those that the others are made from. */
  readonly baseCount: number;
  readonly make: (index: number) => { readonly kind: Kind; readonly source: Uint8Array };
}

/**
 * Returns the cases of a seed. The same seed and index make the same file, always: so one case can be repeated alone.
 *
 * The first are the files that the others are made from. Then, in turn: one that has bytes, values or structure of one of those
 * changed, one put together from parts that are right, and one made from what the parser says there can be.
 */
export function createCases(seed: number): Cases {
  const bases = baseConfigs();
  const corpus = bases.map((each) => Buffer.from(formatJson(each)));
  const anything = arbitraryConfig(withWords(collectValues([...bases, ...parts()])), runnable());
  const sources: readonly ((random: Random, seed: number) => { readonly kind: Kind; readonly source: Uint8Array })[] = [
    (random) => ({ kind: 'mutated', source: mutateConfig(corpus, random) }),
    (random) => ({ kind: 'put together', source: Buffer.from(formatJson(combine(bases, random))) }),
    (_random, own) => ({
      kind: 'from the schema',
      source: Buffer.from(formatJson(fc.sample(anything, { numRuns: 1, seed: own })[0])),
    }),
  ];
  return {
    baseCount: bases.length,
    make: (index) => {
      const base = corpus[index];
      if (base !== undefined) return { kind: 'as it is', source: base };
      const own = (seed + Math.imul(index, 0x1000_0001)) | 0;
      return (sources[index % sources.length] ?? sources[0]!)(createRandom(own), own);
    },
  };
}

function combine(bases: readonly Record<string, Json>[], random: Random): Record<string, Json> {
  let config = random(3) === 0 ? pick(bases, random) : runnable();
  for (let more = 1 + random(3); more > 0; more--)
    config = merge(config, pick(random(4) === 0 ? parts() : VARIANTS, random));
  return config;
}

function withWords(seen: Seen): Seen {
  const names = new Set([...seen.keys(), ...Object.keys(WORDS)]);
  return new Map(
    [...names].map((name) => {
      const known = [...(seen.get(name) ?? []), ...(WORDS[name] ?? [])];
      // Few of these, others for each name: they nearly always spoil the file.
      const odd = Array.from(known, (_, at) => at)
        .filter((at) => at % 8 === 0)
        .map((at) => ANYWHERE[(at / 8 + name.length * 5) % ANYWHERE.length] ?? null);
      return [name, [...known, ...odd]];
    }),
  );
}
