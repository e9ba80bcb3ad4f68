import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cache, cacheDirectory } from '../../lab/lib/cache.mjs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'corral-cache-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('cacheDirectory', () => {
  it.each([
    [{ CORRAL_LAB: '/lab', XDG_CACHE_HOME: '/cache', HOME: '/home/u' }, '/lab'],
    [{ XDG_CACHE_HOME: '/cache', HOME: '/home/u' }, '/cache/corral-lab'],
    [{ XDG_CACHE_HOME: '', HOME: '/home/u' }, '/home/u/.cache/corral-lab'],
  ])('of %j is %s', (env, path) => {
    expect(cacheDirectory(env)).toBe(path);
  });
});

describe('Cache', () => {
  const open = (): Cache => new Cache(directory, () => undefined);
  const make =
    (text: string, log: string[] = []) =>
    (path: string): Promise<void> => {
      log.push(text);
      writeFileSync(join(path, 'file'), text);
      return Promise.resolve();
    };

  it('makes a part once, also when two ask at the same time or in another process', async () => {
    const made: string[] = [];
    const cache = open();
    const paths = await Promise.all([cache.part('p', ['1'], make('a', made)), cache.part('p', ['1'], make('b', made))]);
    paths.push(await open().part('p', ['1'], make('c', made)));
    expect(new Set(paths).size).toBe(1);
    expect(made).toEqual(['a']);
    expect(readFileSync(join(paths[0], 'file'), 'utf8')).toBe('a');
  });

  it('makes it anew when what it is made from has changed', async () => {
    const cache = open();
    const path = await cache.part('p', ['1', 'x'], make('a'));
    expect(await cache.part('p', ['2', 'x'], make('b'))).not.toBe(path);
    expect(await cache.part('p', ['1x', ''], make('c'))).not.toBe(path);
  });

  it('leaves nothing of a part that could not be made, and says why', async () => {
    const fail = (): Promise<void> => Promise.reject(new Error('no network'));
    await expect(open().part('p', ['1'], fail)).rejects.toThrow('no network');
    expect(readdirSync(directory)).toEqual([]);
    expect(readFileSync(join(await open().part('p', ['1'], make('a')), 'file'), 'utf8')).toBe('a');
  });

  it('forgets what nobody has used for a week', async () => {
    const old = await open().part('p', ['1'], make('a'));
    const other = await open().part('q', ['1'], make('a'));
    const longAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000);
    for (const path of [old, other]) utimesSync(path, longAgo, longAgo);
    const current = await open().part('p', ['2'], make('b'));
    expect([old, other, current].map((path) => existsSync(path))).toEqual([false, true, true]);
  });
});
