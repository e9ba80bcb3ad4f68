import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HostFacts } from '../../src/host/facts.js';

const FACTS = fileURLToPath(new URL('../golden/facts', import.meta.url));

/** The hosts whose facts are kept in test/golden/facts. */
export const HOSTS: readonly string[] = readdirSync(FACTS).map((file) => file.replace('.json', ''));

/** Reads the facts of a host; its capabilities are a decimal string there, since JSON knows no such numbers. */
export function readFacts(host: string): HostFacts {
  return JSON.parse(readFileSync(`${FACTS}/${host}.json`, 'utf8'), (key, value: unknown) =>
    key === 'capabilities' ? BigInt(value as string) : value,
  ) as HostFacts;
}
