import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodeCache, cacheDirectory } from '../../../src/boot/code-cache.js';

describe('the code cache', () => {
  let home: string;
  let directory: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'corral-test-cache-'));
    directory = join(home, '.cache/corral');
  });

  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  it('gives back what was kept, and makes its directory', () => {
    const cache = new CodeCache(directory, 'a');
    expect(cache.read()).toBeUndefined();
    cache.write(Buffer.from('code'));
    expect(cache.read()).toEqual(Buffer.from('code'));
    expect(new CodeCache(directory, 'b').read()).toBeUndefined();
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it.each([
    ['the directory is open to others', (path: string) => chmodSync(join(path, '..'), 0o777)],
    ['the file is', (path: string) => chmodSync(path, 0o666)],
    [
      'the file is a link',
      (path: string) => {
        writeFileSync(`${path}.other`, 'evil');
        rmSync(path);
        symlinkSync(`${path}.other`, path);
      },
    ],
  ])('is not trusted when %s', (_name, spoil) => {
    const cache = new CodeCache(directory, 'a');
    cache.write(Buffer.from('code'));
    spoil(join(directory, 'a'));
    expect(cache.read()).toBeUndefined();
  });

  it('is not made where others can write', () => {
    chmodSync(home, 0o777);
    new CodeCache(directory, 'a').write(Buffer.from('code'));
    expect(readdirSync(home)).toEqual([]);
  });

  it('does without where nothing can be made', () => {
    const file = join(home, 'file');
    writeFileSync(file, '', { mode: 0o600 });
    new CodeCache(join(file, 'corral'), 'a').write(Buffer.from('code'));
    expect(readdirSync(home)).toEqual(['file']);
  });

  it('forgets what nobody has used for a month', () => {
    const old = new CodeCache(directory, 'old');
    old.write(Buffer.from('code'));
    utimesSync(join(directory, 'old'), new Date(0), new Date(0));
    new CodeCache(directory, 'new').write(Buffer.from('code'));
    expect(readdirSync(directory)).toEqual(['new']);
  });

  it.each([
    [{ XDG_CACHE_HOME: '/cache', HOME: '/home/me' }, '/cache/corral'],
    [{ XDG_CACHE_HOME: 'relative', HOME: '/home/me' }, '/home/me/.cache/corral'],
    [{ HOME: '/home/me' }, '/home/me/.cache/corral'],
    [{ HOME: '' }, undefined],
    [{}, undefined],
  ])('is where %j says', (env, expected) => {
    expect(cacheDirectory(env, 1000)).toBe(expected);
  });

  it('is the machine’s where root has no home: a service of the system’s starts engines', () => {
    expect(cacheDirectory({}, 0)).toBe('/var/cache/corral');
    expect(cacheDirectory({ HOME: '/root' }, 0)).toBe('/root/.cache/corral');
  });
});
