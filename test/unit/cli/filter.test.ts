import { describe, expect, it } from 'vitest';
import { parseFilters } from '../../../src/cli/filter.js';
import type { Status } from '../../../src/container/info.js';
import { OptionError } from '../../../src/errors/option-error.js';

const box = (
  id: string,
  labels: Record<string, string> = {},
  status: Status = 'running',
): Parameters<ReturnType<typeof parseFilters>>[0] => ({ id, labels, status });

const BOXES = [
  box('web', { job: '7', env: 'prod' }),
  box('web-2', { job: '7' }, 'paused'),
  box('a+b', { job: '8', empty: '' }),
  box('a.b', {}, 'abandoned'),
  box('axb'),
];

const fitting = (...filters: readonly string[]): readonly string[] =>
  BOXES.filter(parseFilters(filters)).map(({ id }) => id);

describe('filters', () => {
  it.each<[filters: readonly string[], ids: readonly string[]]>([
    [[], ['web', 'web-2', 'a+b', 'a.b', 'axb']],
    [['label=job'], ['web', 'web-2', 'a+b']],
    [['label=job=7'], ['web', 'web-2']],
    [['label=job=7', 'label=env=prod'], ['web']],
    [['label=job=7', 'label=job=8'], []],
    [['label=empty='], ['a+b']],
    [['label=toString'], []],
    [['name=web'], ['web', 'web-2']],
    [['name=^web$'], ['web']],
    [['name=a+b'], ['a+b']],
    [['name=^a.b$'], ['a+b', 'a.b', 'axb']],
    [
      ['name=2', 'name=x'],
      ['web-2', 'axb'],
    ],
    [['status=paused'], ['web-2']],
    [
      ['status=paused', 'status=abandoned'],
      ['web-2', 'a.b'],
    ],
    [['status=running', 'label=job=7', 'name=web'], ['web']],
  ])('%j leave %j', (filters, ids) => {
    expect(fitting(...filters)).toEqual(ids);
  });

  it.each<[filter: string, message: string, hint?: string]>([
    ['labl=x', 'filter: "labl=x" is not a filter: there are label=…, name=…, status=…', 'did you mean label=…?'],
    ['id=web', 'filter: "id=web" is not a filter: there are label=…, name=…, status=…'],
    ['toString=x', 'filter: "toString=x" is not a filter'],
    ['', 'filter: "" is not a filter'],
    ['label', 'filter: "label" is not of the form label=VALUE'],
    ['name=', 'filter: "name=" is not of the form name=VALUE'],
    ['name=(', 'filter: "name=(" is not a regular expression'],
    ['status=up', 'filter: "status=up" is not a status: there are creating, running, paused, stopped, abandoned'],
  ])('%j is refused', (filter, message, hint) => {
    expect(() => parseFilters(['label=ok', filter])).toThrow(OptionError);
    expect(() => parseFilters([filter])).toThrow(message);
    if (hint !== undefined) expect(() => parseFilters([filter])).toThrow(expect.objectContaining({ hint }) as Error);
  });
});
