import type { Hook, Hooks } from '../hooks.js';
import { type Reader, integer, list, object, optional, text } from './read.js';
import { absolutePath, variable } from './values.js';

const hook: Reader<Hook> = object<Hook>({
  path: absolutePath,
  args: optional(list(text)),
  env: optional(list(variable)),
  timeout: optional(integer(1, 0x7fff_ffff, 'a number of seconds, 1 or more')),
});

const hookList = optional(list(hook));

/** In the order in which they are run. */
export const HOOK_NAMES = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const satisfies readonly (keyof Hooks)[];

/** @see runtime-spec 1.3.0, config.md "POSIX-platform Hooks" */
export const hooks: Reader<Hooks> = object<Hooks>({
  prestart: hookList,
  createRuntime: hookList,
  createContainer: hookList,
  startContainer: hookList,
  poststart: hookList,
  poststop: hookList,
});
