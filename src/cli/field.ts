import { ContainerError } from '../errors/container-error.js';
import { closest } from '../util/closest.js';

/**
 * Returns a part of what is known of a container, by the names on the way there: `cgroup.v2.path`, `spec.mounts.0.source`. A
 * name may hold dots itself, as those of annotations do.
 *
 * @throws ContainerError naming the first name that is not there, and those that are
 */
export function selectField(container: { readonly id: string }, path: string): unknown {
  let value: unknown = container;
  let above = '';
  for (let rest = path; rest !== '';) {
    const entries = listEntries(value);
    const [name, next] = longest(entries.filter(([key]) => rest === key || rest.startsWith(`${key}.`)));
    if (name === undefined) throw missing(container.id, { above, rest, known: entries.map(([key]) => key) });
    value = next;
    rest = rest.slice(name.length + 1);
    above = `${above}${name}.`;
  }
  return value;
}

type Entry = readonly [name: string, value: unknown];

function listEntries(value: unknown): readonly Entry[] {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return entries.filter(([, part]) => part !== undefined);
}

// `a.b` may be the name of a field beside `a`.
function longest(entries: readonly Entry[]): Entry | readonly [] {
  return entries.reduce<Entry | readonly []>(
    (best, entry) => (entry[0].length > (best[0] ?? '').length ? entry : best),
    [],
  );
}

function missing(
  id: string,
  { above, rest, known }: { readonly above: string; readonly rest: string; readonly known: readonly string[] },
): ContainerError {
  const [name = rest] = rest.split('.');
  const near = closest(name, known);
  const list = known.length === 0 ? 'nothing is below it' : `there is ${known.join(', ')}`;
  return new ContainerError(`container ${JSON.stringify(id)} has no field ${above}${name}`, 'ERR_FIELD', {
    id,
    hint: near === undefined ? list : `did you mean ${above}${near}?`,
  });
}
