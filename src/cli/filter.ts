import type { ContainerInfo, Status } from '../container/info.js';
import type { SupervisedStatus } from '../supervisor/types.js';
import { OptionError } from '../errors/option-error.js';
import { closest } from '../util/closest.js';

/** What a filter looks at. */
interface Filtered extends Pick<ContainerInfo, 'id' | 'labels'> {
  readonly status: Status | SupervisedStatus;
}

type Test = (container: Filtered) => boolean;

/** Tells which values a filter takes, and makes its test. @throws OptionError for one that it does not take */
const KEYS: Readonly<Record<string, (value: string, filter: string) => Test>> = {
  label: labelTest,
  name: nameTest,
  status: statusTest,
};

const STATUSES: readonly (Status | SupervisedStatus)[] = [
  'creating',
  'running',
  'paused',
  'stopped',
  'abandoned',
  'created',
  'starting',
  'stopping',
  'restarting',
  'waiting',
  'exited',
  'removing',
];

/** What shells offer for it. */
export const FILTER_WORDS: readonly string[] = ['label=', 'name=', ...STATUSES.map((status) => `status=${status}`)];

/** The same in words, for help. */
export const FILTER_HELP = `FILTER is one of:
  label=KEY, label=KEY=VALUE  it has that label, with that value
  name=TEXT                   its name contains TEXT, or matches it as a regular
                              expression
  status=STATUS               it is in that status
Of several, all labels must fit, and one of the names and one of the statuses.`;

/**
 * Makes the test of `--filter` flags, as docker and podman read them: a container must fit all labels, one of the names and
 * one of the statuses.
 *
 * @param filters - `label=KEY`, `label=KEY=VALUE`, `name=TEXT`, `status=STATUS`; none fits every container
 * @throws OptionError naming the filter that makes no sense
 */
export function parseFilters(filters: readonly string[]): Test {
  const parsed = filters.map((filter) => parseFilter(filter));
  const of = (key: string): readonly Test[] => parsed.flatMap((entry) => (entry.key === key ? [entry.test] : []));
  const [labels, names, statuses] = [of('label'), of('name'), of('status')];
  return (container) =>
    labels.every((test) => test(container)) &&
    [names, statuses].every((tests) => tests.length === 0 || tests.some((test) => test(container)));
}

function parseFilter(filter: string): { readonly key: string; readonly test: Test } {
  const equals = filter.indexOf('=');
  const key = equals < 0 ? filter : filter.slice(0, equals);
  const make = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (make === undefined) {
    const known = Object.keys(KEYS);
    const meant = closest(key, known);
    const hint = meant === undefined ? {} : { hint: `did you mean ${meant}=…?` };
    throw new OptionError('filter', filter, `a filter: there are ${known.map((one) => `${one}=…`).join(', ')}`, hint);
  }
  const value = equals < 0 ? '' : filter.slice(equals + 1);
  if (value === '') throw new OptionError('filter', filter, `of the form ${key}=VALUE`);
  return { key, test: make(value, filter) };
}

function labelTest(value: string): Test {
  const equals = value.indexOf('=');
  const name = equals < 0 ? value : value.slice(0, equals);
  const wanted = equals < 0 ? undefined : value.slice(equals + 1);
  return ({ labels }) => Object.hasOwn(labels, name) && (wanted === undefined || labels[name] === wanted);
}

// A name may itself hold what means something in a regular expression: the plus sign, the dot.
function nameTest(value: string, filter: string): Test {
  const pattern = parsePattern(value, filter);
  return ({ id }) => id.includes(value) || pattern.test(id);
}

function parsePattern(value: string, filter: string): RegExp {
  try {
    return new RegExp(value);
  } catch {
    throw new OptionError('filter', filter, 'a regular expression');
  }
}

function statusTest(value: string, filter: string): Test {
  if (STATUSES.some((status) => status === value)) return ({ status }) => status === value;
  throw new OptionError('filter', filter, `a status: there are ${STATUSES.join(', ')}`);
}
