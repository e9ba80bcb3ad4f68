import { mkdirSync, mkdtempSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listChildren } from '../../../src/cgroup/files.js';

let path: string;
const child = (name: string): string => join(path, name);

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'corral-unit-'));
});
afterEach(() => rmSync(path, { recursive: true }));

describe('listChildren', () => {
  it('lists what is there, whatever seemed likely', () => {
    const list = (): readonly string[] => [...listChildren(path, child('payload'))].sort();
    expect(list()).toEqual([]);
    mkdirSync(child('payload'));
    expect(list()).toEqual([child('payload')]);
    mkdirSync(child('exec-1'));
    expect(list()).toEqual([child('exec-1'), child('payload')]);
    rmdirSync(child('payload'));
    expect(list()).toEqual([child('exec-1')]);
  });

  it('is not misled by what is somewhere else', () => {
    mkdirSync(join(path, 'payload/below'), { recursive: true });
    for (const likely of [path, child('payload/below'), tmpdir()])
      expect(listChildren(path, likely)).toEqual([child('payload')]);
  });

  it('lists nothing of what is not there', () => {
    expect(listChildren(child('gone'), child('gone/payload'))).toEqual([]);
  });
});
