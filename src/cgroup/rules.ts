import { ConfigError } from '../errors/config-error.js';
import type { CgroupWrite } from '../plan/types.js';
import type { WeightFormula } from '../spec/annotations.js';
import type { Resources } from '../spec/resources.js';

/** By which rules resources become writes. */
export interface WriteRules {
  /** The host has swap; without it, a kernel that cannot limit swap is no obstacle. */
  readonly hasSwap: boolean;
  /** How CPU shares become a weight. @defaultValue `curve` */
  readonly formula?: WeightFormula;
  /**
   * The resources are an engine's: what they do not ask for is left as it is, and what cannot be done is an error that names
   * the field.
   */
  readonly engine?: EngineRules;
}

/** Where an engine's resources stand. */
export interface EngineRules {
  /** In its JSON: `/linux/resources`; empty where the JSON is nothing else. */
  readonly pointer: string;
}

/** A write, with the field that asks for it: `memory/limit`. */
export interface FieldWrite extends CgroupWrite {
  readonly field: string;
}

/** Turns the resources of one controller into writes. @throws ConfigError for what an engine asks and this version cannot give */
export type Writer = (resources: Resources, rules: WriteRules) => readonly FieldWrite[];

/** Returns the JSON pointer of a field of the resources. */
export function pointerTo(field: string, { engine }: Pick<WriteRules, 'engine'>): string {
  return `${engine?.pointer ?? '/linux/resources'}/${field}`;
}

/** Returns a field's value. @param field - as a JSON pointer has it, without the leading slash */
export function valueAt(resources: Resources, field: string): unknown {
  return field.split('/').reduce<unknown>((value, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }, resources);
}

/** Returns a name as a JSON pointer has it. @see RFC 6901, 3 */
export function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** One reason why resources cannot be given. */
interface Refusal {
  readonly field: string;
  readonly value: unknown;
  readonly isAsked: boolean;
  readonly expected: string;
}

/** Throws for the first of several fields that is asked. @throws ConfigError */
export function refuse(rules: WriteRules, refusals: readonly Refusal[]): void {
  const first = refusals.find(({ isAsked }) => isAsked);
  if (first !== undefined) throw new ConfigError(pointerTo(first.field, rules), first.value, first.expected);
}

/** What a field is said not to be that cgroup v2 has nothing for. */
export const ON_V2 = 'possible with cgroup v2, which has no such limit';
