import { readFileSync, readdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DIFFERENCES } from './lib/differences.js';
import { listSentences } from './lib/sentences.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What the tests name, read from their text: `says('root.path'`, and the lines of tables that become one. */
const sources = readdirSync(HERE)
  .filter((name) => name.endsWith('.test.ts') && name !== 'index.test.ts')
  .map((name) => readFileSync(`${HERE}${name}`, 'utf8'))
  .join('\n');

const LITERAL = /\b(?:says|saysOf|saysOfDevices)\(\s*'([^']+)'/g;
// The hooks of each kind, in loops.
const KINDS = ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'];
const LOOPS = [
  ...['prestart', 'createRuntime', 'poststart', 'poststop'].map((kind) => `${kind}.where`),
  ...KINDS.map((kind) => `${kind}.resolved`),
  ...['prestart', 'createRuntime', 'createContainer'].map((kind) => `lifecycle.${kind}`),
];
const tested = [...[...sources.matchAll(LITERAL)].map(([, key = '']) => key), ...LOOPS];

describe('the sentences of the runtime-spec', () => {
  it('are each tested once, or say why not', () => {
    const wrong = listSentences().flatMap(([key, { untested }]) => {
      const count = tested.filter((one) => one === key).length;
      return count === (untested === undefined ? 1 : 0) ? [] : [`${key}: ${String(count)} tests`];
    });
    expect(wrong).toEqual([]);
  });

  it('are those that the tests name', () => {
    const keys = listSentences().map(([key]) => key);
    expect(tested.filter((key) => !keys.includes(key))).toEqual([]);
  });

  it('are quoted once each', () => {
    const quoted = listSentences().map(([, { anchor, text }]) => `${anchor} ${text}`);
    expect(quoted.filter((one, index) => quoted.indexOf(one) !== index)).toEqual([]);
  });
});

describe('the table of differences', () => {
  it('is about sentences that are tested, and says what and why', () => {
    const wrong = DIFFERENCES.filter(
      ({ sentence, does, because }) => !tested.includes(sentence) || does.length < 5 || because.length < 5,
    );
    expect(wrong).toEqual([]);
  });

  it('is in docs/conformance-runc.md as it is: node scripts/build-differences.mjs writes it', () => {
    const made = execFileSync(process.execPath, [`${ROOT}scripts/build-differences.mjs`, '--print'], {
      encoding: 'utf8',
    });
    expect(readFileSync(`${ROOT}docs/conformance-runc.md`, 'utf8')).toBe(made);
  });
});
