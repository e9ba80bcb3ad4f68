import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CONFIG } from '../../../src/spec/config/config.js';
import type { Reader } from '../../../src/spec/config/read.js';

interface Row {
  readonly fields: readonly string[];
  readonly state: 'supported' | 'refused' | 'ignored';
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sections = JSON.parse(readFileSync(`${root}docs/oci-conformance.json`, 'utf8')) as readonly {
  readonly rows: readonly Row[];
}[];
const rows = sections.flatMap((section) => section.rows);

interface Field {
  readonly name: string;
  readonly isRefused: boolean;
}

function listFields({ fields, item }: Reader<unknown>, path = ''): readonly Field[] {
  if (item !== undefined) return listFields(item, `${path}[]`);
  return Object.entries(fields ?? {}).flatMap(([key, reader]) => {
    const name = path === '' ? key : `${path}.${key}`;
    return [{ name, isRefused: reader.isRefused === true }, ...listFields(reader, name)];
  });
}

const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replace(/[.[\]]/g, '\\$&').replaceAll('*', '\\w+')}$`).test(name);

const fields = listFields(CONFIG);

describe('the table of fields', () => {
  test('has each field that corral reads once, and what is refused as refused', () => {
    const wrong = fields.filter(({ name, isRefused }) => {
      // A row of its own comes before one for many.
      const own = rows.filter((row) => row.fields.includes(name));
      const found = own.length > 0 ? own : rows.filter((row) => row.fields.some((pattern) => matches(pattern, name)));
      return found.length !== 1 || (found[0]?.state === 'refused') !== isRefused;
    });
    expect(wrong).toEqual([]);
  });

  test('has no field that corral does not read, but for those that it says are ignored', () => {
    const unknown = rows.flatMap((row) =>
      row.fields.filter((pattern) => fields.some(({ name }) => matches(pattern, name)) === (row.state === 'ignored')),
    );
    expect(unknown).toEqual([]);
  });

  test('is in docs/oci-conformance.md as it is: node scripts/build-conformance.mjs writes it', () => {
    const made = execFileSync(process.execPath, [`${root}scripts/build-conformance.mjs`, '--print'], {
      encoding: 'utf8',
    });
    expect(readFileSync(`${root}docs/oci-conformance.md`, 'utf8')).toBe(made);
  });
});
