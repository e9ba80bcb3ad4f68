import { resolve } from 'node:path/posix';
import { ANNOTATIONS, isOwnAnnotation } from '../annotations.js';
import type { Resources } from '../resources.js';
import type { Linux, Mount, Process, Root, Spec } from '../types.js';
import { OCI_VERSION } from '../versions.js';
import { hooks } from './hooks.js';
import { parseJson } from './json.js';
import { linux } from './linux.js';
import { mount } from './mounts.js';
import { process } from './process.js';
import {
  Place,
  type Reader,
  flag,
  list,
  map,
  object,
  optional,
  refine,
  text,
  textOf,
  textOrNothing,
  withDefault,
} from './read.js';
import { resources } from './resources.js';
import { checkRules } from './rules.js';

/** What a config.json asks for. */
export interface Config {
  readonly spec: Spec;
  /** What is odd in it, and no error. */
  readonly warnings: readonly string[];
}

/**
 * Reads the config.json of a bundle.
 *
 * Properties that the runtime-spec does not have are ignored, as are the sections of other platforms. What is not said gets its
 * default. The spec is marked as an engine's: it is followed to the letter. Annotations of corral's own are left out: they reach
 * further than those who write a config.json for an engine are allowed to.
 *
 * @param source - the content of the file
 * @param bundle - the absolute path of its directory: the root filesystem and the sources of bind mounts may be relative to it
 * @throws ConfigError for the first field that is wrong
 * @see runtime-spec 1.3.0, config.md and config-linux.md
 */
export function parseConfig(source: Uint8Array | string, bundle: string): Config {
  const place = new Place();
  const given = CONFIG(parseJson(source), place);
  const spec: Spec = {
    ...given,
    root: { ...given.root, path: resolve(bundle, given.root.path) },
    mounts: given.mounts.map((each) => fromBundle(each, bundle)),
    annotations: { ...foreign(given.annotations, place), [ANNOTATIONS.engine]: 'true' },
  };
  checkRules(spec, place);
  return { spec, warnings: place.warnings };
}

/** A process that is to be started in a container. */
export interface ProcessConfig {
  readonly process: Process;
  readonly warnings: readonly string[];
}

/**
 * Reads a process.json, as `exec --process` takes it. Where it is silent about capabilities, umask, resource limits, labels,
 * scheduling or priorities, it is as the container's own process in these.
 *
 * @throws ConfigError for the first field that is wrong
 */
export function parseProcess(source: Uint8Array | string, container: Process): ProcessConfig {
  const place = new Place();
  const value = parseJson(source);
  const given = process(value, place);
  // It has been read as an object.
  const { capabilities, user } = value as {
    readonly capabilities?: unknown;
    readonly user?: { readonly umask?: unknown };
  };
  return {
    process: {
      ...inherited(container),
      ...given,
      capabilities: isAbsent(capabilities) ? container.capabilities : given.capabilities,
      rlimits: given.rlimits.length === 0 ? container.rlimits : given.rlimits,
      user: { ...given.user, umask: isAbsent(user?.umask) ? container.user.umask : given.user.umask },
    },
    warnings: place.warnings,
  };
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

const INHERITED = [
  'apparmorProfile',
  'selinuxLabel',
  'scheduler',
  'ioPriority',
  'execCPUAffinity',
] as const satisfies readonly (keyof Process)[];

function inherited(process: Process): Partial<Process> {
  return Object.fromEntries(INHERITED.filter((key) => process[key] !== undefined).map((key) => [key, process[key]]));
}

/**
 * Reads limits, as `update --resources` takes them.
 *
 * @throws ConfigError for the first field that is wrong
 */
export function parseResources(source: Uint8Array | string): Resources {
  return resources(parseJson(source), new Place());
}

// Of an older major version nothing is known, and neither is what will be in the next. @see semver.org "Semantic Versioning 2.0.0"
const VERSION = /^1\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

const version: Reader<string> = refine(
  textOf(VERSION, 'a version of the runtime-spec, 1.0.0 or a later 1.x'),
  (value, place) => {
    const [minor, known] = [value, OCI_VERSION].map((each) => Number(each.split('.')[1]));
    if (Number(minor) > Number(known)) place.warn(`what is new since ${OCI_VERSION} is ignored`);
    return value;
  },
);

/** @see uname(2), __NEW_UTS_LEN */
const hostName = refine(textOrNothing, (value, place) =>
  value === undefined || Buffer.byteLength(value) <= 64 ? value : place.refuse(value, 'a name of at most 64 bytes'),
);

const annotations = refine(map(text), (given, place) => ('' in given ? place.refuse('', 'a name, but empty') : given));

/** Reads a config.json, field by field. What it may say of Linux is in linux.ts. */
export const CONFIG: Reader<Spec> = object<Spec>({
  ociVersion: version,
  hostname: hostName,
  domainname: hostName,
  root: object<Root>({ path: textOf(/./s, 'a path'), readonly: optional(flag) }),
  mounts: withDefault(list(mount), []),
  process,
  linux: withDefault<Linux>(linux, linux({}, new Place())),
  hooks: optional(hooks),
  annotations: withDefault(annotations, {}),
});

function fromBundle(mount: Mount, bundle: string): Mount {
  return mount.type === 'bind' ? { ...mount, source: resolve(bundle, mount.source) } : mount;
}

function foreign(given: Spec['annotations'], place: Place): Spec['annotations'] {
  const entries = Object.entries(given);
  for (const [name] of entries.filter(([each]) => isOwnAnnotation(each))) {
    place.warnings.push(`/annotations/${name}: an annotation of corral's own, and is left out`);
  }
  return Object.fromEntries(entries.filter(([name]) => !isOwnAnnotation(name)));
}
