import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path/posix';
import { dataDirectory } from '../container/data-directory.js';
import { isName } from '../spec/parse/name.js';
import { isMissingFile } from '../util/missing.js';
import type { VerbContext } from './verb.js';

/** The names of the containers that a supervisor keeps, whether or not they run. */
export interface KeptNames {
  has(id: string): boolean;
  list(): readonly string[];
}

/** Returns those of this user's supervisor, which need not run: each has a directory. */
export function keptHere({ stateDir }: VerbContext): KeptNames {
  const directory = dataDirectory(stateDir, process.geteuid?.() ?? 0, process.env);
  return {
    has: (id) => isName(id) && existsSync(join(directory, id)),
    list: () => listNames(directory),
  };
}

/** Returns those that a supervisor elsewhere has told of. */
export function keptElsewhere(containers: readonly { readonly id: string }[]): KeptNames {
  const names = containers.map(({ id }) => id);
  return { has: (id) => names.includes(id), list: () => names };
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter(isName);
  } catch (error) {
    if (isMissingFile(error)) return [];
    throw error;
  }
}
