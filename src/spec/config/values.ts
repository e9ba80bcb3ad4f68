import type { Uint64 } from '../resources.js';
import { type Reader, integer, refine, textOf, textOrNothing } from './read.js';

const ID = 'an id, 0–4294967294';

/** A user or group id; the largest 32-bit number means "none" to the kernel. */
export const id = integer(0, 0xffff_fffe, ID);

export const uint32 = integer(0, 0xffff_ffff, 'a whole number, 0–4294967295');

/** An absolute path. */
export const absolutePath = textOf(/^\//, 'an absolute path');

/** An absolute path; empty text says nothing. */
export const absolutePathOrNothing: Reader<string | undefined> = (value, place) =>
  value === undefined || value === '' ? undefined : absolutePath(value, place);

/** A list of numbers such as `0-3,7`; empty text says nothing. @see cpuset(7) "List format" */
export const numberList: Reader<string | undefined> = refine(textOrNothing, (value, place) => {
  const isList = value === undefined || value.trim().split(',').every(isRange);
  return isList ? value : place.refuse(value, 'a list of numbers such as 0-3,7');
});

function isRange(part: string): boolean {
  const [, first = '', last = first] = /^ *(\d{1,9})(?:-(\d{1,9}))? *$/.exec(part) ?? [];
  return first !== '' && Number(first) <= Number(last);
}

/** Entries of the form `KEY=value`. @see environ(7) */
export const variable = textOf(/^[^=]+=/, 'a variable of the form KEY=value');

const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;

/** A whole number of 64 bits, without a sign. */
export const uint64: Reader<Uint64> = (value, place) => {
  const fits =
    (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) ||
    (typeof value === 'bigint' && value >= 0n && value <= MAX_UINT64);
  return fits ? value : place.refuse(value, 'a whole number, 0–18446744073709551615');
};

/**
 * An amount, or -1 for no limit: so are all negative numbers, and amounts beyond 2^53, which no machine has. `0` says nothing, as
 * engines leave it where nothing was asked for.
 */
export const amountOrNothing: Reader<number | undefined> = (value, place) =>
  value === undefined || value === 0 ? undefined : amount(value, place);

/** An amount, or -1 for no limit, as above; `0` is none at all. */
export const amount: Reader<number> = (value, place) => {
  if (typeof value === 'bigint' && (value > MAX_UINT64 || value < MIN_INT64)) return place.refuse(value, AMOUNT);
  if (typeof value === 'bigint') return -1;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return place.refuse(value, AMOUNT);
  return Math.max(value, -1);
};

const MIN_INT64 = -(2n ** 63n);
const AMOUNT = 'a whole number, or -1 for no limit';

/** A rate per second; one beyond 2^53 is no limit for any device, and comes as 2^53 - 1. */
export const rate: Reader<number> = (value, place) => {
  const read = uint64(value, place);
  return typeof read === 'bigint' ? Number.MAX_SAFE_INTEGER : read;
};

/** Returns a reader of a whole number whose `0` says nothing. */
export function integerOrNothing(min: number, max: number, expected: string): Reader<number | undefined> {
  const read = integer(min, max, expected);
  return (value, place) => (value === undefined || value === 0 ? undefined : read(value, place));
}

/** The name of a network interface. @see dev_valid_name() of the kernel */
export const interfaceName = textOf(
  /^(?!\.{1,2}$)[^/:\s]{1,15}$/,
  'the name of a network interface: at most 15 characters, without / and :',
);

/** Major and minor numbers of a device, as far as Linux has them. @see makedev(3) */
export const major = integer(0, 0xfff, 'a major number, 0–4095');
export const minor = integer(0, 0xf_ffff, 'a minor number, 0–1048575');

/** The ids of a user namespace, or of an idmapped mount. */
export const count = integer(1, 0xffff_ffff, 'a number of ids, 1–4294967295');
