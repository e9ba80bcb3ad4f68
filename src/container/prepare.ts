import { compileInStages, type StagedPlan } from '../compile/compile.js';
import { mountOf } from '../compile/idmap.js';
import { readHostFacts } from '../host/read-facts.js';
import { STAGE } from '../compile/layers.js';
import type { Step } from '../plan/steps.js';
import type { LaunchPlan, Placement } from '../plan/types.js';
import { ANNOTATIONS, isEngines } from '../spec/annotations.js';
import { toSpec } from '../spec/from-options.js';
import type { ContainerOptions } from '../spec/options.js';
import { checkOptions } from '../spec/options-schema.js';
import type { Spec } from '../spec/types.js';
import { randomName } from './random-name.js';
import { type CallerSurroundings, surroundings } from './surroundings.js';

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

/** What a supervisor says of a container for which it was asked by somebody else. */
export interface OnBehalf {
  /** Of whoever asks; absent: this process's. */
  readonly around?: CallerSurroundings | undefined;
  /** Where the state of containers is kept, where that was chosen. */
  readonly stateDir?: string | undefined;
  /** More annotations of corral's own. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Makes the spec that of somebody who may less than this process. */
  readonly adjust?: ((spec: Spec) => Spec) | undefined;
}

/**
 * Turns a command and options into a spec and its plan, without doing anything.
 *
 * @throws OptionError for a value that makes no sense; UnsupportedError for what this host cannot give
 */
export function prepare(command: readonly string[], options: ContainerOptions, behalf: OnBehalf = {}): Prepared {
  const { id, spec } = prepareSpec(command, options, behalf);
  return new Prepared(id, spec);
}

/**
 * Does the first half of that: nothing of it depends on what this host can give.
 *
 * @throws OptionError
 */
export function prepareSpec(
  command: readonly string[],
  options: ContainerOptions,
  { annotations = {}, adjust = (spec) => spec, ...behalf }: OnBehalf = {},
): { readonly id: string; readonly spec: Spec } {
  checkOptions(options);
  const id = options.name ?? randomName();
  const spec = toSpec(command, id, options, surroundings(options.rootfs, behalf));
  return { id, spec: adjust({ ...spec, annotations: { ...spec.annotations, ...annotations } }) };
}

/** File systems that have refused an idmapped mount to this process. */
const unmappable = new Set<string>();

/** Mounts on which the kernel has refused an overlay: it lies on two already. */
const unstackable = new Set<string>();

/** The files of a container that corral writes, where the host has them. */
const GENERATED = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];

function compileHere(id: string, spec: Spec): StagedPlan {
  const more = { unmappable: [...unmappable], unstackable: [...unstackable] };
  // An engine's paths are those of the container: nothing of the host is to be looked at by them.
  if (isEngines(spec)) return compileInStages(id, spec, readHostFacts({ paths: [], cwd: '/', ...more }));
  const { cwd } = spec.process;
  const exposed = spec.annotations[ANNOTATIONS.expose];
  const paths = [...GENERATED, cwd, ...(exposed === undefined ? [] : (JSON.parse(exposed) as string[]))];
  return compileInStages(id, spec, readHostFacts({ paths, cwd, ...more }));
}

/** Remembers that the file system at `path` refuses idmapped mounts, whatever its kernel's version promises. */
export function rememberUnmappable(path: string): void {
  const mount = mountOf(readHostFacts({ paths: [], cwd: '/' }), path);
  if (mount !== undefined) unmappable.add(mount.type);
}

/**
 * Remembers that no overlay goes on the mount that a step has failed to put one on.
 *
 * @returns `false` when that is not why it failed
 */
export function rememberUnstackable(step: Step | undefined): boolean {
  if (step?.op !== 'mount' || step.type !== 'overlay') return false;
  const mount = mountOf(readHostFacts({ paths: [], cwd: '/' }), step.root === STAGE ? '/' : step.target);
  if (mount?.type !== 'overlay' || unstackable.has(mount.target)) return false;
  unstackable.add(mount.target);
  return true;
}
