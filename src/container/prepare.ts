import { randomUUID } from 'node:crypto';
import { compile } from '../compile/compile.js';
import { mountOf } from '../compile/idmap.js';
import { readHostFacts } from '../host/read-facts.js';
import type { LaunchPlan } from '../plan/types.js';
import { ANNOTATIONS } from '../spec/annotations.js';
import { toSpec } from '../spec/from-options.js';
import type { ContainerOptions } from '../spec/options.js';
import { checkOptions } from '../spec/options-schema.js';
import type { Spec } from '../spec/types.js';
import { surroundings } from './surroundings.js';

/** A container that was thought through, and of which nothing exists yet. */
export interface Prepared {
  readonly id: string;
  readonly spec: Spec;
  readonly plan: LaunchPlan;
}

/**
 * Turns a command and options into a spec and its plan, without doing anything.
 *
 * @throws OptionError for a value that makes no sense; UnsupportedError for what this host cannot give
 */
export function prepare(command: readonly string[], options: ContainerOptions): Prepared {
  checkOptions(options);
  const id = options.name ?? randomName();
  const spec = toSpec(command, id, options, surroundings(options.rootfs));
  return { id, spec, plan: compileHere(id, spec) };
}

// Of the UUID, whose random bytes node:crypto fetches for many at a time: a tenth of the cost of fetching six.
function randomName(): string {
  return randomUUID().replaceAll('-', '').slice(0, 12);
}

/** File systems that have refused an idmapped mount to this process. */
const unmappable = new Set<string>();

/** Compiles a spec for this host. */
export function compileHere(id: string, spec: Spec): LaunchPlan {
  const { cwd } = spec.process;
  const exposed = spec.annotations[ANNOTATIONS.expose];
  const paths = [cwd, ...(exposed === undefined ? [] : (JSON.parse(exposed) as string[]))];
  return compile(id, spec, readHostFacts({ paths, cwd, unmappable: [...unmappable] }));
}

/** Remembers that the file system at `path` refuses idmapped mounts, whatever its kernel's version promises. */
export function rememberUnmappable(path: string): void {
  const mount = mountOf(readHostFacts({ paths: [], cwd: '/' }), path);
  if (mount !== undefined) unmappable.add(mount.type);
}
