import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { CodeCache, cacheDirectory } from './code-cache.js';

/** Set by the build: a digest of the programs. */
declare const CORRAL_BUILD: string;

type Program = (require: (id: string) => unknown, module: { exports: unknown }, directory: string) => void;

/**
 * Loads a program, which is one file, with what V8 made of it the last time, and starts it.
 *
 * @param name - of its file beside this one, without `.cjs`
 * @param part - which part of it is wanted: each has a cache of its own
 */
export function startProgram(name: string, part: string): void {
  const filename = `${import.meta.dirname}/${name}.cjs`;
  const cache = openCache(part);
  const cachedData = cache?.read();
  // latin1: the build leaves nothing but ASCII in it.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
  const program = script.runInThisContext() as Program;
  program((id) => process.getBuiltinModule(id), { exports: {} }, import.meta.dirname);
  if (cachedData !== undefined && script.cachedDataRejected !== true) return;
  // At the end, when it is known which functions a run needs.
  process.once('exit', () => cache?.write(script.createCachedData()));
}

function openCache(part: string): CodeCache | undefined {
  if ((process.env['NODE_DISABLE_COMPILE_CACHE'] ?? '') !== '') return undefined;
  const directory = cacheDirectory(process.env);
  if (directory === undefined) return undefined;
  return new CodeCache(directory, `${CORRAL_BUILD}-${process.version}-${process.arch}-${part}`);
}
