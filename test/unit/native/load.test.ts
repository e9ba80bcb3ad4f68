import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../../src/errors/unsupported-error.js';
import type { NativeAddon } from '../../../src/native/addon.js';
import { loadNativePart } from '../../../src/native/load.js';
import { listNativeDirectories } from '../../../src/native/locate.js';

const BUILT = fileURLToPath(new URL('../../../build/Release/corral.node', import.meta.url));
const TARGET = { platform: 'linux', arch: 'x64' };

describe('the directories that may hold the native part', () => {
  test('are the build in place, then the prebuilt ones', () => {
    expect(listNativeDirectories({ platform: 'linux', arch: 'arm64' }, '/p/')).toEqual([
      '/p/build/Release',
      '/p/prebuilds/linux-arm64',
      '/p/prebuilds/linux-arm64-musl',
    ]);
  });

  test('lie in the package', () => {
    expect(listNativeDirectories(TARGET)[0]).toBe(fileURLToPath(new URL('../../../build/Release', import.meta.url)));
  });
});

describe('loading the native part', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'corral-test-load-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const place = (name: string, content?: string): string => {
    const path = join(directory, name);
    mkdirSync(path);
    if (content === undefined) cpSync(BUILT, join(path, 'corral.node'));
    else writeFileSync(join(path, 'corral.node'), content);
    return path;
  };
  const load = (directories: readonly string[], target = TARGET): ReturnType<typeof loadNativePart<NativeAddon>> =>
    loadNativePart<NativeAddon>(directories, target);
  const failure = (directories: readonly string[], target = TARGET): UnsupportedError => {
    try {
      load(directories, target);
    } catch (error) {
      if (error instanceof UnsupportedError) return error;
      throw error;
    }
    throw new Error('it was loaded');
  };

  test('takes the first directory that has one', () => {
    const [first, second] = [place('first'), place('second')];
    const { addon, directory: from } = load([join(directory, 'absent'), first, second]);
    expect(from).toBe(first);
    expect(addon).toHaveProperty('pipe');
  });

  test('passes over one that does not load here, as one for another libc', () => {
    const [broken, good] = [place('broken', 'not an ELF file'), place('good')];
    expect(load([broken, good]).directory).toBe(good);
  });

  test('names what does not load, and why', () => {
    const broken = place('broken', 'not an ELF file');
    const { message, hint } = failure([join(directory, 'absent'), broken]);
    expect(message).toContain('starting containers needs the native part of corral for linux-x64');
    expect(message).toMatch(/broken\/corral\.node: (file too short|invalid ELF header)$/);
    expect(hint).toContain('npm rebuild corral');
  });

  test('says where it looked when there is none', () => {
    const { message, hint, code } = failure(['/nowhere/a', '/nowhere/b']);
    expect(code).toBe('ERR_UNSUPPORTED');
    expect(message).toMatch(/and there is none in \/nowhere\/a, \/nowhere\/b$/);
    expect(hint).toContain('bundler');
  });

  test('elsewhere than on Linux says no more than that', () => {
    const { message, hint } = failure([], { platform: 'darwin', arch: 'arm64' });
    expect(message).toBe('starting containers needs Linux, and this is darwin');
    expect(hint).toBeUndefined();
  });
});
