import { compileInStages, type StagedPlan } from '../compile/compile.js';
import { mountOf } from '../compile/idmap.js';
import { readHostFacts } from '../host/read-facts.js';
import type { LaunchPlan, Placement } from '../plan/types.js';
import { ANNOTATIONS } from '../spec/annotations.js';
import { toSpec } from '../spec/from-options.js';
import type { ContainerOptions } from '../spec/options.js';
import { checkOptions } from '../spec/options-schema.js';
import type { Spec } from '../spec/types.js';
import { randomName } from './random-name.js';
import { surroundings } from './surroundings.js';

/** A container that was thought through, and of which nothing exists yet. */
export class Prepared {
  readonly id: string;
  readonly spec: Spec;
  readonly #staged: StagedPlan;
  #plan: LaunchPlan | undefined;

  constructor(id: string, spec: Spec) {
    this.id = id;
    this.spec = spec;
    this.#staged = compileHere(id, spec);
  }

  /** Where it will be born. */
  get placement(): Placement {
    return this.#staged.placement;
  }

  /** The whole plan; thought out when it is first asked for. @throws UnsupportedError for what this host cannot give */
  get plan(): LaunchPlan {
    this.#plan ??= this.#staged.complete();
    return this.#plan;
  }
}

/**
 * Turns a command and options into a spec and its plan, without doing anything.
 *
 * @throws OptionError for a value that makes no sense; UnsupportedError for what this host cannot give
 */
export function prepare(command: readonly string[], options: ContainerOptions): Prepared {
  checkOptions(options);
  const id = options.name ?? randomName();
  return new Prepared(id, toSpec(command, id, options, surroundings(options.rootfs)));
}

/** File systems that have refused an idmapped mount to this process. */
const unmappable = new Set<string>();

function compileHere(id: string, spec: Spec): StagedPlan {
  const { cwd } = spec.process;
  const exposed = spec.annotations[ANNOTATIONS.expose];
  const paths = [cwd, ...(exposed === undefined ? [] : (JSON.parse(exposed) as string[]))];
  return compileInStages(id, spec, readHostFacts({ paths, cwd, unmappable: [...unmappable] }));
}

/** Remembers that the file system at `path` refuses idmapped mounts, whatever its kernel's version promises. */
export function rememberUnmappable(path: string): void {
  const mount = mountOf(readHostFacts({ paths: [], cwd: '/' }), path);
  if (mount !== undefined) unmappable.add(mount.type);
}
