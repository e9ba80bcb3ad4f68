#!/usr/bin/env node
/**
 * The program that users start. It loads the command line, which is one file, with what V8 made of it the last time.
 *
 * @packageDocumentation
 */

import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { CodeCache, cacheDirectory } from './code-cache.js';

/** Set by the build: a digest of the programs. */
declare const CORRAL_BUILD: string;

type Program = (require: (id: string) => unknown, module: { exports: unknown }, directory: string) => void;

function start(): void {
  const verb = process.argv[2];
  const filename = `${import.meta.dirname}/${verb === 'run' ? 'run' : 'main'}.cjs`;
  const cache = openCache(verb);
  const cachedData = cache?.read();
  // latin1: the build leaves nothing but ASCII in it.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
  const program = script.runInThisContext() as Program;
  program((id) => process.getBuiltinModule(id), { exports: {} }, import.meta.dirname);
  if (cachedData !== undefined && script.cachedDataRejected !== true) return;
  // At the end, when it is known which functions a run needs.
  process.once('exit', () => cache?.write(script.createCachedData()));
}

// What `run` needs is not what the others need; the others are not in a hurry.
function openCache(verb: string | undefined): CodeCache | undefined {
  if ((process.env['NODE_DISABLE_COMPILE_CACHE'] ?? '') !== '') return undefined;
  const directory = cacheDirectory(process.env);
  if (directory === undefined) return undefined;
  const part = verb === 'run' || verb === 'exec' ? verb : 'other';
  return new CodeCache(directory, `${CORRAL_BUILD}-${process.version}-${process.arch}-${part}`);
}

start();
