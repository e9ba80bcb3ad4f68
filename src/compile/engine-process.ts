/**
 * What an engine's spec asks of the process beyond what `corral run` does: to the letter, and as runc does where the
 * runtime-spec is silent.
 *
 * @packageDocumentation
 */

import { ConfigError } from '../errors/config-error.js';
import type { FdPlan, ParentAct } from '../plan/types.js';
import type { SlotName, Step } from '../plan/steps.js';
import { ANNOTATIONS, isEngines } from '../spec/annotations.js';
import type { Capabilities, Process, Spec } from '../spec/types.js';
import { CAPABILITIES, RLIMIT, capabilityMask } from '../util/linux.js';
import { KEYRING_SEARCH } from '../util/linux-process.js';
import type { Context } from './context.js';
import { compileLabels } from './labels.js';
import { NOTES } from './notes.js';
import { hasNamespace, makesNamespace } from './questions.js';
import { compilePersonality, compileScheduling } from './scheduling.js';

/** What the parent does, since a process in a user namespace of its own cannot. */
export function engineActs({ spec }: Context): readonly ParentAct[] {
  if (!isEngines(spec)) return [];
  const { oomScoreAdj, rlimits } = spec.process;
  const raised = hasNamespace(spec, 'user') ? rlimits : [];
  return [
    ...(oomScoreAdj === undefined ? [] : [{ act: 'set-oom-score-adj', value: oomScoreAdj } as const]),
    ...raised.map(({ hard }, index): ParentAct => {
      return { act: 'raise-hard-limit', resource: rlimitNumber(spec.process, index), hard };
    }),
    ...Object.entries(spec.linux.netDevices ?? {}).map(([device, { name }]): ParentAct => {
      const joined = makesNamespace(spec, 'network') ? {} : { namespace: 'network-namespace' };
      return { act: 'move-net-device', device, name: name ?? device, ...joined };
    }),
  ];
}

/** Returns the number of a resource. @throws ConfigError for one that the kernel has not */
export function rlimitNumber({ rlimits }: Process, index: number): number {
  const type = rlimits[index]?.type ?? '';
  const number = Object.hasOwn(RLIMIT, type) ? RLIMIT[type as keyof typeof RLIMIT] : undefined;
  if (number !== undefined) return number;
  throw new ConfigError(`/process/rlimits/${String(index)}/type`, type, `one of ${Object.keys(RLIMIT).join(', ')}`);
}

/** The descriptors that the process gets of those that the runtime was started with: 3 and on. */
export function preservedFds(spec: Spec): readonly Extract<FdPlan, { readonly kind: 'inherited' }>[] {
  return Array.from({ length: preservedCount(spec) }, (_, index) => {
    const number = FIRST_PRESERVED + index;
    return { slot: `inherited-${String(number)}`, kind: 'inherited', number };
  });
}

const FIRST_PRESERVED = 3;

/** Returns the first descriptor that the process does not get. */
export function firstClosed(spec: Spec): number {
  return FIRST_PRESERVED + preservedCount(spec);
}

function preservedCount(spec: Spec): number {
  return isEngines(spec) ? Number(spec.annotations[ANNOTATIONS.preserveFds] ?? 0) : 0;
}

/**
 * Its keys: those of the caller are none of its business.
 *
 * @param entering - the container has its keyring already
 */
export function engineKeyring(
  { id, spec }: Context,
  { entering = false }: { readonly entering?: boolean } = {},
): readonly Step[] {
  if (!isEngines(spec) || spec.annotations[ANNOTATIONS.noNewKeyring] === 'true') return [];
  // So that later processes of the container find it, user_namespaces(7).
  const searchable = hasNamespace(spec, 'user') ? KEYRING_SEARCH.byOthers : KEYRING_SEARCH.byItsUser;
  return [{ op: 'join-session-keyring', name: `_ses.${id}`, permissions: entering ? 0 : searchable }];
}

/** Its label, its home, the way that the kernel treats it: with all rights, in its root filesystem. */
export function engineSurroundings({ spec, facts }: Context): readonly Step[] {
  if (!isEngines(spec)) return [];
  const { process, linux } = spec;
  return [
    ...compileLabels(process, facts),
    ...compileScheduling(process, linux),
    ...compilePersonality(linux),
    ...(hasHome(process.env) ? [] : [{ op: 'find-home', uid: process.user.uid } as const]),
  ];
}

function hasHome(env: readonly string[]): boolean {
  return lastOf(env, 'HOME') !== '';
}

/** Returns the value of a variable; of several entries, that of the last. Empty where there is none. */
export function lastOf(env: readonly string[], name: string): string {
  return env.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

/** The environment as the process gets it: each variable once, as it was said last; an empty HOME counts as none. */
export function engineEnvironment(env: readonly string[]): readonly string[] {
  const values = new Map(env.map((entry) => [entry.split('=', 1)[0] ?? '', entry]));
  if (!hasHome(env)) values.delete('HOME');
  return [...values.values()];
}

/**
 * Hands on the descriptors that are to stay, closes all others, and goes to the working directory: in this order
 * (CVE-2024-21626).
 *
 * @param keep - a slot that is needed later
 */
export function enterDirectory({ spec }: Context, keep: SlotName | undefined): readonly Step[] {
  if (!isEngines(spec)) return [];
  const first = firstClosed(spec);
  return [
    ...preservedFds(spec).map(({ slot, number }): Step => ({
      op: 'place-descriptor',
      descriptor: slot,
      number,
      first,
    })),
    { op: 'drop-descriptors', first, keep },
    { op: 'set-working-directory', path: spec.process.cwd, again: 0 },
  ];
}

/** What is the container's user's to do, and not root's. */
export function actAsUser({ spec }: Context): readonly Step[] {
  if (!isEngines(spec)) return [];
  return [{ op: 'set-working-directory', path: spec.process.cwd, again: 1 }];
}

/** The five sets, as far as the kernel can grant them. */
export type GrantedCapabilities = Readonly<Record<keyof Capabilities, bigint>>;

/**
 * Returns the sets as the kernel takes them: nothing is added (CVE-2022-29162), and what it would refuse is left out.
 *
 * @param granted - what the process has before
 * @see capabilities(7)
 */
export function grantCapabilities(sets: Capabilities, granted: bigint): GrantedCapabilities {
  const bounding = capabilityMask(sets.bounding) & granted;
  const permitted = capabilityMask(sets.permitted) & granted;
  const inheritable = capabilityMask(sets.inheritable) & bounding;
  return {
    bounding,
    permitted,
    inheritable,
    effective: capabilityMask(sets.effective) & permitted,
    ambient: capabilityMask(sets.ambient) & permitted & inheritable,
  };
}

/** Says what cannot be granted: a warning, not an error. @see runtime-spec config.md "capabilities" */
export function engineCapabilityNotes(sets: Capabilities, granted: bigint): readonly string[] {
  const given = grantCapabilities(sets, granted);
  return Object.entries(given).flatMap(([set, mask]) => {
    const asked = sets[set as keyof Capabilities];
    const missing = asked.filter((name) => (capabilityMask([name]) & mask) === 0n);
    const unknown = missing.filter((name) => !CAPABILITIES.some((known) => known === name));
    const refused = missing.filter((name) => !unknown.includes(name));
    return [
      ...(unknown.length === 0 ? [] : [NOTES.capabilitiesUnknown(set, unknown.join(', '))]),
      ...(refused.length === 0 ? [] : [NOTES.capabilitiesRefused(set, refused.join(', '))]),
    ];
  });
}
