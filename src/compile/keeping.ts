import { KEPT, KEPT_OUTPUT, type KeptDescriptor } from '../plan/kept.js';
import type { Step } from '../plan/steps.js';
import type { FdPlan } from '../plan/types.js';
import { hasInit, isSupervised, keepsInput, keepsOutput } from '../spec/annotations.js';
import { capabilityMask } from '../util/linux.js';
import type { Context } from './context.js';
import { NOTES } from './notes.js';
import { hasTerminal, kernelAtLeast, makesNamespace } from './questions.js';
import { terminalRoot } from './terminal.js';

/** What the init of a container holds for as long as it lives, for the supervisor that comes after its owner. */
export interface Keeping {
  /** The master of its terminal, which would hang up its session with the last one who has it. */
  readonly terminal: boolean;
  /** The other end of its standard input, which would be at its end with the last one who has it. */
  readonly input: boolean;
  /** The other ends of its output, which would be closed with the last one who has them, and the files that they go into. */
  readonly output: boolean;
}

/** Chooses it: only containers of a supervisor keep anything, and only what can be had from them again. */
export function selectKeeping(context: Context): Keeping {
  const { terminal, input, output } = wish(context);
  const canTake = cannotTake(context) === undefined;
  return { terminal: terminal && canTake, input: input && canTake, output: output && hasInit(context.spec) };
}

/** The descriptors that the init needs for it. */
export function keptFds(context: Context): readonly FdPlan[] {
  const { input, output } = selectKeeping(context);
  return [
    ...(input ? [{ slot: KEPT.input.slot, kind: 'kept-input' } as const] : []),
    ...(output ? KEPT_OUTPUT.map(({ slot }) => ({ slot, kind: 'kept-output' }) as const) : []),
  ];
}

/** What it does to hold them; what follows happens in its child. */
export function compileKeeping(context: Context): readonly Step[] {
  const { terminal, input, output } = selectKeeping(context);
  return [
    ...(terminal ? keepTerminal(context) : []),
    ...[...(input ? [KEPT.input] : []), ...(output ? KEPT_OUTPUT : [])].map(keep),
  ];
}

/** Says what will not outlive the supervisor although it should. */
export function keepingNotes(context: Context): readonly string[] {
  const wanted = wish(context);
  const kept = selectKeeping(context);
  const reason = cannotTake(context) ?? '';
  return [
    ...(wanted.terminal && !kept.terminal ? [NOTES.terminalNotKept(reason)] : []),
    ...(wanted.input && !kept.input ? [NOTES.inputNotKept(reason)] : []),
    ...(wanted.output && !kept.output ? [NOTES.outputNotKept(NO_INIT)] : []),
  ];
}

function wish({ spec }: Context): Keeping {
  const supervised = isSupervised(spec);
  return {
    terminal: supervised && hasTerminal(spec),
    input: supervised && keepsInput(spec),
    output: supervised && keepsOutput(spec),
  };
}

function keepTerminal({ spec }: Context): readonly Step[] {
  return [{ op: 'open-master', root: terminalRoot(spec), master: KEPT.terminal.slot }, keep(KEPT.terminal)];
}

function keep({ slot, number }: KeptDescriptor): Step {
  return { op: 'keep-descriptor', descriptor: slot, number };
}

const NO_INIT = 'it has no init that could hold it';

// A copy of a descriptor is only given to who may trace the process. corral-init is not dumpable, so that its own user is not
// enough: it takes CAP_SYS_PTRACE over its user namespace, which whoever has made that has. @see ptrace(2), pidfd_getfd(2)
function cannotTake({ spec, facts }: Context): string | undefined {
  if (!hasInit(spec)) return NO_INIT;
  if (!kernelAtLeast(facts, [5, 6])) return 'nobody could take it over from the init before Linux 5.6';
  const traces = (facts.caller.capabilities & capabilityMask(['CAP_SYS_PTRACE'])) !== 0n;
  if (traces || makesNamespace(spec, 'user')) return undefined;
  return 'nobody could take it over from the init without CAP_SYS_PTRACE, or a user namespace of the container’s own';
}
