import { OptionError } from '../../errors/option-error.js';
import { parseSize } from '../../util/size.js';

/** What a caller gives for a knob. */
export type KnobValue = string | number | boolean;

/** Turns what a caller gives into what the kernel reads. @throws OptionError naming the knob and the value */
export type ValueReader = (knob: string, value: KnobValue) => string;

/** No limit. */
const MAX = 'max';

/** Bytes, as a number or a size such as `256M`; or `max`. */
export const bytesOrMax: ValueReader = (knob, value) => {
  if (value === MAX) return MAX;
  const bytes = typeof value === 'string' ? parseSize(value) : value;
  if (typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0) return String(bytes);
  throw new OptionError(knob, value, 'a size such as 256M, or max');
};

/** A whole number within bounds. */
export function integer(low: number, high: number): ValueReader {
  return (knob, value) => String(readInteger(knob, value, { low, high }));
}

/** The same, or `max`. */
export function integerOrMax(low: number, high: number): ValueReader {
  return (knob, value) => (value === MAX ? MAX : String(readInteger(knob, value, { low, high, orMax: true })));
}

/** 0 or 1, or a boolean. */
export const flag: ValueReader = (knob, value) => {
  if (value === true || value === 1 || value === '1') return '1';
  if (value === false || value === 0 || value === '0') return '0';
  throw new OptionError(knob, value, '0 or 1');
};

/** Percent with two decimals, or `max`. @see cgroup-v2.rst `cpu.uclamp.min` */
export const percentOrMax: ValueReader = (knob, value) => {
  const text = String(value);
  if (text === MAX || (/^\d{1,3}(\.\d{1,2})?$/.test(text) && Number(text) <= 100)) return text;
  throw new OptionError(knob, value, 'a percentage such as 12.34, or max');
};

/** Microseconds of CPU time in each period: `max`, `50000`, `50000 100000`. @see cgroup-v2.rst `cpu.max` */
export const cpuMax: ValueReader = (knob, value) => {
  const [quota = '', period, ...rest] = String(value).split(' ');
  const expected = 'microseconds and a period, such as 50000 100000, or max';
  const isPlain = rest.length === 0 && (quota === MAX || isWithin(quota, 1000, 2 ** 44));
  if (isPlain && (period === undefined || isWithin(period, 1000, 1_000_000))) return String(value);
  throw new OptionError(knob, value, expected);
};

/** CPUs or memory nodes: `0-3,7`; empty for those of the cgroup above. */
export const idList: ValueReader = (knob, value) => {
  const text = String(value);
  const isList = /^(\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*)?$/.test(text) && text.length <= 4000;
  // An empty write(2) does nothing; a line that is empty is a value.
  if (isList && typeof value !== 'boolean') return text === '' ? '\n' : text;
  throw new OptionError(knob, value, 'a list such as 0-3,7, or empty');
};

/** A block device with what it may do: `8:0 rbps=1048576 wiops=120`. @see cgroup-v2.rst `io.max` */
export const ioMax: ValueReader = (knob, value) =>
  deviceLine(knob, value, (pair) => /^(rbps|wbps|riops|wiops)=(max|\d{1,20})$/.test(pair));

/** `8:0 target=5000`. @see cgroup-v2.rst `io.latency` */
export const ioLatency: ValueReader = (knob, value) =>
  deviceLine(knob, value, (pair) => /^target=\d{1,12}$/.test(pair));

/** A weight for all devices (`100`, `default 100`), or one (`8:0 100`, `8:0 default`). @see cgroup-v2.rst `io.weight` */
export function ioWeight(low: number, high: number): ValueReader {
  return (knob, value) => {
    const words = String(value).split(' ');
    const [weight = '', target = 'default'] = words.reverse();
    const isTarget = target === 'default' || (/^\d{1,4}:\d{1,7}$/.test(target) && weight === 'default');
    const isDevice = /^\d{1,4}:\d{1,7}$/.test(target);
    if (
      words.length <= 2 &&
      (isTarget || isDevice) &&
      (isWithin(weight, low, high) || (isDevice && weight === 'default'))
    )
      return String(value);
    throw new OptionError(knob, value, `a weight of ${low}–${high}, alone or behind a device such as 8:0`);
  };
}

/** A device with pairs: `mlx4_0 hca_handle=2 hca_object=max`. @see cgroup-v2.rst `rdma.max` */
export const rdmaMax: ValueReader = (knob, value) => {
  const [device = '', ...pairs] = String(value).split(' ');
  const isKnown = (pair: string): boolean => /^(hca_handle|hca_object)=(max|\d{1,10})$/.test(pair);
  if (/^[\w.-]{1,64}$/.test(device) && pairs.length > 0 && pairs.every(isKnown)) return String(value);
  throw new OptionError(knob, value, 'a device and its limits, such as mlx4_0 hca_handle=2 hca_object=max');
};

/** A resource and how much of it: `res_a 3`. @see cgroup-v2.rst `misc.max` */
export const miscMax: ValueReader = (knob, value) => {
  if (/^\w{1,64} (max|\d{1,19})$/.test(String(value))) return String(value);
  throw new OptionError(knob, value, 'a resource and a number, such as res_a 3, or max');
};

/** Controllers to hand down or to take back: `+memory -pids`. @see cgroup-v2.rst `cgroup.subtree_control` */
export const controllerChanges: ValueReader = (knob, value) => {
  if (/^[+-][a-z_]{1,32}( [+-][a-z_]{1,32})*$/.test(String(value))) return String(value);
  throw new OptionError(knob, value, 'controllers with + or -, such as +memory -pids');
};

function deviceLine(knob: string, value: KnobValue, isPair: (pair: string) => boolean): string {
  const [device = '', ...pairs] = String(value).split(' ');
  if (/^\d{1,4}:\d{1,7}$/.test(device) && pairs.length > 0 && pairs.every(isPair)) return String(value);
  throw new OptionError(knob, value, `a device and its limits, such as ${EXAMPLES[knob] ?? '8:0 …'}`);
}

const EXAMPLES: Readonly<Record<string, string>> = {
  'io.max': '8:0 rbps=1048576 wiops=max',
  'io.latency': '8:0 target=5000',
};

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly orMax?: boolean;
}

function readInteger(knob: string, value: KnobValue, { low, high, orMax = false }: Bounds): number {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= low && number <= high) return number;
  throw new OptionError(knob, value, `a whole number, ${String(low)}–${String(high)}${orMax ? ', or max' : ''}`);
}

function isWithin(text: string, low: number, high: number): boolean {
  return /^\d{1,15}$/.test(text) && Number(text) >= low && Number(text) <= high;
}
