import type { KnobWrite } from './knobs.js';

/**
 * Returns what has to be written so that a value is again what it was.
 *
 * @param write - what was written since
 * @param before - the whole text before
 */
export function restoreWrite({ knob, value }: KnobWrite, before: string): KnobWrite {
  const restore = RESTORE[knob];
  const [first = ''] = before.trim().split('\n');
  // Nothing at all cannot be written: an empty list is a line without anything on it.
  return { knob, value: restore === undefined ? (first === '' ? '\n' : first) : restore(value, before) };
}

const RESTORE: Readonly<Record<string, (written: string, before: string) => string>> = {
  'cgroup.subtree_control': restoreControllers,
  'io.bfq.weight': restoreWeight,
  'io.latency': (written, before) => restorePairs(written, before, '0'),
  'io.max': (written, before) => restorePairs(written, before, 'max'),
  'io.weight': restoreWeight,
  'misc.max': (written, before) => lineOf(written, before) ?? `${firstWord(written)} max`,
  'rdma.max': (written, before) => restorePairs(written, before, 'max'),
};

// 8:0 rbps=1048576 wbps=max: a line for each device that has a limit, with those that were written among the others.
function restorePairs(written: string, before: string, none: string): string {
  const [device = '', ...pairs] = written.split(' ');
  const old = new Map((lineOf(written, before) ?? '').split(' ').map((pair) => splitPair(pair)));
  return [device, ...pairs.map((pair) => splitPair(pair)[0]).map((key) => `${key}=${old.get(key) ?? none}`)].join(' ');
}

// default 100, then a line for each device that has a weight of its own.
function restoreWeight(written: string, before: string): string {
  const [target] = written.split(' ').length === 1 ? ['default'] : written.split(' ');
  return lineOf(`${target} `, before) ?? `${target} default`;
}

// A controller that was handed down already stays so.
function restoreControllers(written: string, before: string): string {
  const had = before.split(/\s+/);
  return written
    .split(' ')
    .map((change) => change.slice(1))
    .map((name) => (had.includes(name) ? `+${name}` : `-${name}`))
    .join(' ');
}

function lineOf(written: string, before: string): string | undefined {
  return before.split('\n').find((line) => line.startsWith(`${firstWord(written)} `));
}

const firstWord = (text: string): string => text.split(' ')[0] ?? '';

function splitPair(pair: string): readonly [string, string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
