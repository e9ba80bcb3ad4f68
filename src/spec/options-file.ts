import { resolve } from 'node:path/posix';
import * as v from 'valibot';
import { OptionError } from '../errors/option-error.js';
import { parseDuration } from '../util/duration.js';
import { parseOctal } from '../util/octal.js';
import type { ContainerOptions, Volume } from './options.js';
import { OPTION_SHAPES, allOptional, checkShape, recordOf } from './options-schema.js';

/** What a file of options holds, such as `corral.json`: a command, and the library's options. */
export interface OptionsFile extends Omit<ContainerOptions, 'env' | 'umask'> {
  /** The JSON schema of this file, for editors: `./node_modules/corral/schema/corral.schema.json`. */
  readonly $schema?: string;
  /** The program and its arguments. A command on the command line takes its place. */
  readonly command?: readonly string[];
  /** Variables of the environment; `null` passes the caller's own value on. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** A directory to use as root filesystem, relative to this file. @default a throw-away overlay of the host's own root */
  readonly rootfs?: string;
  /** Directories and files of the host to show inside: `SRC:DST[:ro|rw]`, or their parts. SRC is relative to this file. */
  readonly volumes?: readonly (string | Volume)[];
  /** Host paths, relative to this file, to show although the default root filesystem hides them. */
  readonly expose?: readonly string[];
  /** File mode creation mask, octal in text such as `022`, or a number. @default 022 */
  readonly umask?: number | string;
  /** Ends it after this time: milliseconds, or a time such as `10s` or `2h`. */
  readonly timeout?: number | string;
  /** What a timeout sends first. @default the container is killed at once */
  readonly stopSignal?: string;
  /** Time between `stopSignal` and the kill: milliseconds, or a time such as `10s`. @default 10 s */
  readonly gracePeriod?: number | string;
}

/** What a file of options comes to. */
export interface FileOptions {
  readonly command?: readonly string[];
  readonly options: ContainerOptions & FileEnding;
}

interface FileEnding {
  readonly timeout?: number;
  readonly stopSignal?: string;
  readonly gracePeriod?: number;
}

const text = v.string('text');
const time = v.union([v.number(), v.string()], 'a time such as 10s, or a number of milliseconds');
const mask = v.union([OPTION_SHAPES.umask, v.string()], 'an octal mask such as "022", or a number');

/** The shape of every field of a file of options, by name. */
export const FILE_SHAPES = {
  $schema: text,
  command: v.array(text, 'a list'),
  ...OPTION_SHAPES,
  env: recordOf(v.nullable(text)),
  umask: mask,
  timeout: time,
  stopSignal: text,
  gracePeriod: time,
} satisfies Record<keyof OptionsFile, unknown>;

/**
 * The schema of a file of options, from which scripts/build-schema.mjs makes the published JSON schema.
 *
 * @public
 */
export const OPTIONS_FILE_SCHEMA = allOptional(FILE_SHAPES);

/**
 * Reads what a file of options says, parsed from JSON already.
 *
 * @param directory - where the file lies: relative paths of the host in it start there, wherever the caller is
 * @throws OptionError for a field that is unknown, of a wrong type or out of range
 */
export function readOptionsFile(value: unknown, directory: string): FileOptions {
  checkShape(OPTIONS_FILE_SCHEMA, value, Object.keys(FILE_SHAPES));
  const { $schema: _, command, env, umask, timeout, stopSignal, gracePeriod, ...rest } = value as OptionsFile;
  return {
    ...(command === undefined ? {} : { command }),
    options: {
      ...resolvePaths(rest, directory),
      ...(env === undefined ? {} : { env: nullToUndefined(env) }),
      ...(umask === undefined ? {} : { umask: parseUmask(umask) }),
      ...(timeout === undefined ? {} : { timeout: milliseconds('timeout', timeout) }),
      ...(stopSignal === undefined ? {} : { stopSignal }),
      ...(gracePeriod === undefined ? {} : { gracePeriod: milliseconds('gracePeriod', gracePeriod) }),
    },
  };
}

function nullToUndefined(env: Readonly<Record<string, string | null>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? undefined]));
}

function parseUmask(value: number | string): number {
  const mask = typeof value === 'number' ? value : parseOctal(value);
  if (mask === undefined) throw new OptionError('umask', value, 'an octal mask such as "022"');
  return mask;
}

function milliseconds(option: string, value: number | string): number {
  const ms = typeof value === 'number' ? value : parseDuration(value);
  if (ms === undefined) throw new OptionError(option, value, 'a time such as 500ms, 10s, 1.5m or 2h');
  return ms;
}

type PathOptions = Omit<ContainerOptions, 'env' | 'umask'>;

/** Returns options whose relative paths of the host start in a directory. */
export function resolvePaths<T extends PathOptions>(options: T, directory: string): T {
  const { rootfs, volumes, expose, cwd, isolation, seccomp } = options;
  // An empty path stays one, and is refused where it is read: resolved, it would mean the directory.
  const absolute = (path: string): string => (path === '' ? path : resolve(directory, path));
  return {
    ...options,
    ...(rootfs === undefined ? {} : { rootfs: absolute(rootfs) }),
    ...(volumes === undefined ? {} : { volumes: volumes.map((volume) => resolveVolume(volume, absolute)) }),
    ...(expose === undefined ? {} : { expose: expose.map(absolute) }),
    ...(typeof seccomp !== 'string' || SECCOMP_WORDS.includes(seccomp) ? {} : { seccomp: absolute(seccomp) }),
    // Without namespaces the working directory is the host's.
    ...(cwd === undefined || isolation !== 'cgroup' ? {} : { cwd: absolute(cwd) }),
  };
}

/** What is no path. */
const SECCOMP_WORDS = ['default', 'unconfined'];

type AnyVolume = NonNullable<ContainerOptions['volumes']>[number];

function resolveVolume(volume: AnyVolume, absolute: (path: string) => string): AnyVolume {
  if (typeof volume !== 'string') return { ...volume, source: absolute(volume.source) };
  const colon = volume.indexOf(':');
  return colon < 0 ? volume : `${absolute(volume.slice(0, colon))}${volume.slice(colon)}`;
}
