import { existsSync } from 'node:fs';
import { UnsupportedError } from '../errors/unsupported-error.js';
import { NATIVE_FILES, type NativeTarget } from './locate.js';

/** The native part, loaded. */
export interface NativePart<Addon> {
  readonly addon: Addon;
  /** Where it was found, with corral-init beside it. */
  readonly directory: string;
}

const FEATURE = 'starting containers';
const REBUILD = 'build it here with `npm rebuild corral`, which needs a C++20 compiler, make and python3';

/**
 * Loads the addon from the first directory that has one which loads here. `require` would do the same with a dozen system
 * calls more, and bundlers would try to follow it.
 *
 * @throws UnsupportedError when there is none, with what stood in the way
 */
export function loadNativePart<Addon>(directories: readonly string[], target: NativeTarget): NativePart<Addon> {
  const refused: string[] = [];
  for (const directory of directories) {
    const file = `${directory}/${NATIVE_FILES.addon}`;
    if (!existsSync(file)) continue;
    const module = { exports: {} };
    try {
      process.dlopen(module, file);
      return { addon: module.exports as Addon, directory };
    } catch (error) {
      refused.push(error instanceof Error ? error.message.trim() : String(error));
    }
  }
  throw missingPart(directories, target, refused);
}

function missingPart(
  directories: readonly string[],
  { platform, arch }: NativeTarget,
  refused: readonly string[],
): UnsupportedError {
  if (platform !== 'linux') return new UnsupportedError(FEATURE, `Linux, and this is ${platform}`);
  const needs = `the native part of corral for ${platform}-${arch}`;
  if (refused.length > 0) {
    const reasons = refused.join('; ');
    return new UnsupportedError(FEATURE, `${needs}, and what is there does not load: ${reasons}`, { hint: REBUILD });
  }
  return new UnsupportedError(FEATURE, `${needs}, and there is none in ${directories.join(', ')}`, {
    hint: `${REBUILD}; a bundler must leave corral out (as an external package): it looks for files beside its own`,
  });
}
