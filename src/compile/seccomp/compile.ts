import { ConfigError } from '../../errors/config-error.js';
import type { Seccomp } from '../../spec/seccomp.js';
import type { Cpu } from '../../host/facts.js';
import { ARCHITECTURES_OF } from './architectures.js';
import { MAX_INSTRUCTIONS, assemble } from './assemble.js';
import { checkProfile } from './check.js';
import { OFFSET } from './conditions.js';
import { Graph } from './graph.js';
import { compileSection } from './section.js';
import { RET } from './words.js';

/** A filter for seccomp(2). */
export interface Filter {
  /** `struct sock_filter[]`, little-endian. */
  readonly program: Uint8Array;
  /** Of SECCOMP_SET_MODE_FILTER. */
  readonly flags: number;
}

/**
 * Compiles a profile into a program of classic BPF.
 *
 * What a process of an architecture does that the profile does not list kills it, as the tables of numbers differ; the
 * processor's own architecture is always listed. A system call that is younger than all that the profile names fails with
 * ENOSYS where it would else be refused, as with runc: programs then use an older one.
 *
 * @param pointer - where the profile stands, for errors
 * @throws ConfigError naming the field, for what makes no sense, or what makes more than 4096 instructions
 */
export function compileSeccomp(profile: Seccomp, cpu: Cpu, pointer = '/linux/seccomp'): Filter {
  const checked = checkProfile(profile, pointer);
  const graph = new Graph();
  const [native, ...others] = ARCHITECTURES_OF[cpu];
  const listed = others.filter(({ abis }) => abis.some(({ name }) => checked.architectures.includes(name)));
  const root = [native, ...listed].reduceRight(
    (otherwise, architecture) =>
      graph.jump('equal', architecture.audit, compileSection(graph, checked, architecture), otherwise),
    graph.return(RET.killProcess),
  );
  const program = assemble(graph, graph.load(OFFSET.architecture, root));
  if (program === undefined) {
    throw new ConfigError(pointer, profile.syscalls?.length, `a number of rules that fit into a filter`, {
      hint: `the kernel takes at most ${String(MAX_INSTRUCTIONS)} instructions`,
    });
  }
  return { program, flags: checked.flags };
}
