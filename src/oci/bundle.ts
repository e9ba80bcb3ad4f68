import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path/posix';
import { ContainerError } from '../errors/container-error.js';
import { ANNOTATIONS } from '../spec/annotations.js';
import { parseConfig } from '../spec/config/config.js';
import type { Spec } from '../spec/types.js';
import { isMissingFile } from '../util/missing.js';
import type { Globals } from './verb.js';

/**
 * Reads a bundle's config.json.
 *
 * @param directory - of the bundle; absent: the working directory
 * @throws ConfigError for a field that is wrong; ContainerError where there is no config.json
 * @see runtime-spec 1.3.0, bundle.md
 */
export function readBundle(directory: string | undefined, globals: Globals): Spec {
  const bundle = resolve(directory ?? '.');
  const { spec, warnings } = parseConfig(readText(join(bundle, 'config.json')), bundle);
  warnings.forEach(globals.warn);
  return {
    ...spec,
    annotations: {
      ...spec.annotations,
      [ANNOTATIONS.bundle]: bundle,
      [ANNOTATIONS.cgroupDriver]: globals.cgroupManager,
    },
  };
}

/** Reads a file that was named. @throws ContainerError naming it */
export function readText(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissingFile(error))
      throw new ContainerError(`read ${path}: no such file or directory`, 'ENOENT', { cause: error });
    throw error;
  }
}
