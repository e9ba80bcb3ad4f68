import * as v from 'valibot';
import { parseDuration } from '../../util/duration.js';
import { parseMoment } from '../../util/moment.js';
import { parseSize } from '../../util/size.js';

/** Returns a schema with a description for the documentation. */
export function described<Schema extends v.GenericSchema>(schema: Schema, description: string): Schema {
  return v.pipe(schema, v.description(description)) as unknown as Schema;
}

const TIME = 'a time such as 10s, or a number of milliseconds';
const SIZE = 'a size such as 256M, or a number of bytes';
const MOMENT = 'a time such as 2026-01-31T12:00:00Z, or how long ago, such as 10m';

/** Text. */
export const text = v.string('text');
/** A list of texts. */
export const texts = v.array(text, 'a list');
/** `true` or `false`. */
export const flag = v.boolean('true or false');
/** The name of a signal, or its number. */
export const signal = v.union([v.string(), v.number()], 'a signal such as SIGTERM');

/** Milliseconds, as a number or a time such as `10s`. */
export const time = converted(v.union([v.number(), v.string()], TIME), TIME, (value) =>
  typeof value === 'number' ? (value >= 0 ? value : undefined) : parseDuration(value),
);

/** Bytes, as a number or a size such as `10M`. */
export const size = converted(v.union([v.number(), v.string()], SIZE), SIZE, (value) =>
  typeof value === 'number' ? (Number.isSafeInteger(value) && value > 0 ? value : undefined) : parseSize(value),
);

/** A whole number from a minimum on. */
export function count(minimum: number): v.GenericSchema<number> {
  const expected = `a whole number, ${String(minimum)} or more`;
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(minimum, expected));
}

/** The same as text, in a query. */
export function countText(minimum: number): v.GenericSchema<string, number> {
  const expected = `a whole number, ${String(minimum)} or more`;
  return converted(v.string(expected), expected, (value) =>
    /^\d{1,15}$/.test(value) && Number(value) >= minimum ? Number(value) : undefined,
  );
}

/** A switch in a query: `?follow`, `?follow=true`. */
export const flagText = converted(v.string('true or false'), 'true or false', (value) => FLAGS.get(value));

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['', true],
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** A parameter that a query may have many times. */
export const manyTexts = converted(v.union([v.string(), v.array(v.string())], 'text'), 'text', (value) =>
  typeof value === 'string' ? [value] : value,
);

/** A time in a query, in milliseconds. */
export const timeText = converted(v.string(TIME), TIME, parseDuration);

/** A moment in a query, milliseconds since 1970: RFC 3339, seconds since 1970, or how long ago. */
export const momentText = converted(v.string(MOMENT), MOMENT, (value) => parseMoment(value, Date.now()));

function converted<Input, Output>(
  schema: v.GenericSchema<Input>,
  expected: string,
  convert: (value: Input) => Output | undefined,
): v.GenericSchema<Input, Output> {
  return v.pipe(
    schema,
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = convert(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: expected });
      return NEVER;
    }),
  );
}
