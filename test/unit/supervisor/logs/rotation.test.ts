import { describe, expect, it } from 'vitest';
import { isLogFile, jsonIndex, jsonName, spoolName } from '../../../../src/supervisor/logs/names.js';
import { planRotation } from '../../../../src/supervisor/logs/rotation.js';

/** Does what the plan says, and puts the new file there. */
const rotate = (existing: readonly number[], maxFiles: number): Record<number, string> => {
  const files = new Map(existing.map((index) => [index, `old ${String(index)}`]));
  const { remove, renames } = planRotation(existing, maxFiles);
  for (const index of remove) files.delete(index);
  for (const [from, to] of renames) {
    expect(files.has(to), 'nothing is overwritten').toBe(false);
    files.set(to, files.get(from)!);
    files.delete(from);
  }
  files.set(0, 'new');
  return Object.fromEntries(files);
};

describe('planRotation', () => {
  it('moves every file by one', () => {
    expect(rotate([0], 3)).toEqual({ 0: 'new', 1: 'old 0' });
    expect(rotate([0, 1], 3)).toEqual({ 0: 'new', 1: 'old 0', 2: 'old 1' });
  });

  it('removes what is too old', () => {
    expect(rotate([0, 1, 2], 3)).toEqual({ 0: 'new', 1: 'old 0', 2: 'old 1' });
    expect(rotate([0, 1], 2)).toEqual({ 0: 'new', 1: 'old 0' });
    expect(rotate([0, 1, 2, 3, 7], 3)).toEqual({ 0: 'new', 1: 'old 0', 2: 'old 1' });
  });

  it('keeps one file alone', () => {
    expect(rotate([0], 1)).toEqual({ 0: 'new' });
    expect(rotate([0, 1, 2], 1)).toEqual({ 0: 'new' });
  });

  it('fills the gap that a rotation has left that did not end', () => {
    expect(rotate([0, 2], 3)).toEqual({ 0: 'new', 1: 'old 0', 2: 'old 2' });
    expect(rotate([0, 1, 3, 4], 5)).toEqual({ 0: 'new', 1: 'old 0', 2: 'old 1', 3: 'old 3', 4: 'old 4' });
    expect(rotate([1, 2], 4)).toEqual({ 0: 'new', 2: 'old 1', 3: 'old 2' });
    expect(rotate([], 3)).toEqual({ 0: 'new' });
  });
});

describe('the names', () => {
  it('say which file it is', () => {
    for (const index of [0, 1, 10, 123]) expect(jsonIndex(jsonName(index))).toBe(index);
    const others = ['log', 'log.0.json', 'log.01.json', 'log.json.new', 'record', 'xlog.json', 'log.1.jsonx'];
    for (const name of others) expect(jsonIndex(name), name).toBeUndefined();
  });

  it('are known', () => {
    const names = ['log', 'log.json', 'log.7.json', 'log.json.new', spoolName('stdout'), spoolName('stderr')];
    for (const name of names) expect(isLogFile(name), name).toBe(true);
    for (const name of ['record', 'record.new', 'log.txt', 'stdin.spool']) expect(isLogFile(name), name).toBe(false);
  });
});
