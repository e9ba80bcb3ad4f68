import { closeSync, openSync } from 'node:fs';
import { createCgroup } from '../cgroup/create.js';
import { joinAlso, joinV1 } from '../cgroup/join.js';
import type { Act, CgroupRef } from '../cgroup/types.js';
import { NOTES } from '../compile/notes.js';
import { OptionError } from '../errors/option-error.js';
import { type Launched, launchInit, takeOutcome } from '../native/launch.js';
import { Fd } from '../native/fd.js';
import { Pidfd } from '../native/pidfd.js';
import { createReportPage, readReportPage } from '../native/report-page.js';
import { encodePlan } from '../plan/encode.js';
import type { Step } from '../plan/steps.js';
import type { CgroupWrite, FdPlan, IdMapPlan, NamespacePlan, ParentAct, Placement } from '../plan/types.js';
import { CLONE } from '../util/linux.js';
import { parseSignal } from '../util/signals.js';
import type { UndoStack } from '../util/undo.js';
import { type Running, follow } from './follow.js';
import { type EncodedPlan, type HandOverContext, handOver } from './hand-over.js';
import { writeIdMaps } from './id-maps.js';
import { joinPlace } from './join-place.js';
import type { Keeper } from './keeper.js';
import type { Listener } from './seccomp-listener.js';
import type { PreludeContext } from './prelude.js';

/** Makes one step of the plan fail, or counts the parent's actions: for the failure sweep. */
export interface LaunchFaults {
  /** Wraps every action of the parent. */
  readonly act?: Act;
  /** The step that corral-init reports as failed, with this errno, without running it. */
  readonly step?: { readonly step: number; readonly errno: number };
}

/** What a launch needs besides its plan. */
export interface LaunchContext {
  /** Takes the undoing of all that is made. After a success it holds what lasts as long as the container. */
  readonly undo: UndoStack;
  readonly faults?: LaunchFaults | undefined;
  /** The container's standard streams. */
  readonly streams: Readonly<Record<'stdin' | 'stdout' | 'stderr', number>>;
  /** The file of the report page; a memfd where none is needed after this process. */
  readonly reportFile?: string;
  /** Descriptors by slot that only the caller can open; they stay the caller's. */
  readonly fds?: ReadonlyMap<string, number>;
  /** Runs the hooks of the runtime, when the container is mounted and not yet entered. */
  readonly runHooks?: (pid: number) => Promise<void>;
  /** Called when the process exists, and does nothing yet. */
  readonly onClone?: (pid: number) => void;
  /** Who gets the notifications of its seccomp filter; needed where there are some. */
  readonly listener?: Listener;
}

/** A process that a plan has brought up to its exec. */
export interface LaunchedProcess {
  readonly pidfd: Pidfd;
  /** In this process's pid namespace. */
  readonly pid: number;
  /** The report page, open; it belongs to the undo stack. */
  readonly reportFd: number;
  /** The master of the terminal that the process has opened for itself; it belongs to the undo stack, too. */
  readonly terminal?: Fd;
  /** What could not be done the best way, in words. */
  readonly notes: readonly string[];
  /** What keeps its scope of systemd's until it is no longer needed. */
  readonly keeper?: Keeper;
}

/** Does every action for real: what {@link LaunchFaults.act} wraps. */
export const actNow: Act = (_what, run) => run();

/**
 * Launches a container: makes its cgroups with their limits, clones corral-init into them, does the parent's part, sends the
 * plan and waits until the workload runs.
 *
 * @param onCgroup - called once the cgroups exist, before anything runs in them
 * @throws LaunchError naming the failed step; everything made so far is on the undo stack
 */
export async function launchContainer(
  plan: Placement & ProcessPlan,
  context: LaunchContext,
  onCgroup: (cgroup: CgroupRef) => void,
): Promise<LaunchedProcess & { readonly cgroup: CgroupRef }> {
  const act = context.faults?.act ?? actNow;
  const cgroup = createCgroup(plan.cgroup, { undo: context.undo, act, id: plan.id });
  onCgroup(cgroup);
  const { v2 } = plan.cgroup;
  const barred = v2 !== undefined && letsNobodyIn(v2.writes) ? v2.payload : undefined;
  const process = await launchProcess(plan, context, {
    ...(v2 === undefined || barred !== undefined ? {} : { cgroupPath: v2.payload }),
    join: (launched) => {
      context.onClone?.(launched.pid);
      joinV1(plan.cgroup, launched.pid, act);
      joinAlso(plan.cgroup, launched.pid, act);
      if (v2 === undefined || (launched.fallback === undefined && barred === undefined)) return undefined;
      return joinPlace(v2.payload, cgroup, launched.pid, act).then(() => barred);
    },
  });
  return { ...process, cgroup };
}

// The limit of no processes at all is about births: whoever exists may still be put there. @see cgroups(7), pids.max
function letsNobodyIn(writes: readonly CgroupWrite[]): boolean {
  return writes.some(({ file, value }) => file === 'pids.max' && value === '0');
}

/** The parts of a plan that a process has, be it a container's first or one that enters later. */
export interface ProcessPlan extends Pick<Placement, 'namespaces' | 'prelude'> {
  readonly clone: { readonly flags: readonly string[] };
  readonly idMaps?: IdMapPlan;
  /** What it does. Asked for when the clone is under way. */
  readonly content: () => ProcessContent;
}

/** The descriptors and steps of a plan. */
export interface ProcessContent {
  readonly fds: readonly FdPlan[];
  readonly steps: readonly Step[];
  /** What the parent does before it hands the plan over. */
  readonly acts?: readonly ParentAct[];
}

/** Where a process is born, and what else it has to be put into. */
export interface Place {
  /** The v2 cgroup to be born in. */
  readonly cgroupPath?: string;
  /**
   * Puts the process where clone3 could not.
   *
   * @returns the v2 cgroup that it is in now, where that was not known before
   */
  readonly join: (launched: Launched) => Promise<string | undefined> | undefined;
}

/**
 * Clones corral-init into an existing cgroup, has it run the steps, and waits until the workload is exec'd.
 *
 * @throws LaunchError naming the failed step; everything made so far is on the undo stack
 */
export async function launchProcess(plan: ProcessPlan, context: LaunchContext, place: Place): Promise<LaunchedProcess> {
  const act = context.faults?.act ?? actNow;
  const joined = plan.namespaces === undefined ? NONE : await openJoined(plan.namespaces, context, act);
  const reportFd = act('make report page', () => makeReportPage(context));
  const cloning = act('clone corral-init', () => cloneInit(plan, context, { place, reportFd }));
  // While a worker thread waits for the kernel to make the namespaces, this one thinks out the rest.
  const encoding = encode(plan, context);
  encoding.catch(() => undefined);
  const { launched, socket, running } = await cloning;
  const { bytes, fds, steps, acts = [] } = await encoding;
  const cgroupPath = (await place.join(launched)) ?? place.cgroupPath;
  const followed = { ...context, socketFd: socket.number, running };
  const opened = (fd: FdPlan): number | undefined => {
    if (fd.kind === 'report') return reportFd;
    if (fd.kind === 'stream') return context.streams[fd.stream];
    return context.fds?.get(fd.slot) ?? joined.get(fd.slot)?.number;
  };
  const handing = { launched, undo: context.undo, act, opened, cgroupPath, joined };
  if (plan.prelude !== undefined)
    await runPrelude(plan.prelude, { handing, followed, fault: context.faults?.step, reportFd });
  if (plan.idMaps !== undefined) await writeIdMaps(launched.pid, plan.idMaps, act);
  if (acts.length > 0) await actBefore(acts, handing);
  await handOver({ bytes, fds }, handing);
  for (const fd of joined.values()) fd.close();
  await follow(followed, steps, reportFd);
  socket.close();
  return { ...running, reportFd, notes: fallbackNotes(launched, place) };
}

const NONE: ReadonlyMap<string, Fd> = new Map();

// What few containers need is loaded where it is needed.
async function openJoined(
  namespaces: readonly NamespacePlan[],
  { undo }: LaunchContext,
  act: Act,
): Promise<ReadonlyMap<string, Fd>> {
  const { openNamespaces } = await import('./namespaces.js');
  return openNamespaces(namespaces, { undo, act });
}

async function actBefore(acts: readonly ParentAct[], handing: HandOverContext): Promise<void> {
  const { doParentActs } = await import('./parent-acts.js');
  doParentActs(acts, handing);
}

async function runPrelude(steps: readonly Step[], running: PreludeContext): Promise<void> {
  const { sendPrelude } = await import('./prelude.js');
  await sendPrelude(steps, running);
}

// Async, so that a plan that cannot be made fails where it is awaited: after there is something to undo.
// eslint-disable-next-line @typescript-eslint/require-await
async function encode(
  { content, prelude = [] }: ProcessPlan,
  { faults }: LaunchContext,
): Promise<EncodedPlan & Pick<ProcessContent, 'steps' | 'acts'>> {
  const { fds, steps, acts = [] } = content();
  const fault = shiftFault(faults, prelude.length);
  const bytes = encodePlan({
    fds: fds.map(({ slot }) => slot),
    steps,
    ...(fault === undefined ? {} : { fault }),
  });
  return { bytes, fds, steps, acts };
}

// Steps are counted from the first of the prelude on.
function shiftFault(faults: LaunchFaults | undefined, before: number): LaunchFaults['step'] {
  if (faults?.step === undefined || faults.step.step < before) return undefined;
  return { ...faults.step, step: faults.step.step - before };
}

function makeReportPage({ reportFile, undo }: LaunchContext): number {
  const fd = createReportPage(reportFile);
  undo.push('close report page', () => {
    closeSync(fd);
  });
  return fd;
}

/** A corral-init that waits for its plan, with what has to be undone about it on the stack. */
async function cloneInit(
  plan: ProcessPlan,
  { undo }: LaunchContext,
  { place, reportFd }: { readonly place: Place; readonly reportFd: number },
): Promise<{ readonly launched: Launched; readonly socket: Fd; readonly running: Running }> {
  const launched = await clone(plan, place.cgroupPath);
  const socket = new Fd(launched.socketFd);
  const running: Running = { pid: launched.pid, pidfd: Pidfd.adopt(launched.pidfd) };
  undo.push('close socket', () => {
    socket.close();
  });
  undo.push('kill corral-init', async () => {
    await endProcess(running.pidfd);
    if (socket.isOpen) await endSuccessor(socket.number, running.pid, reportFd);
  });
  undo.push('close terminal', () => running.terminal?.close());
  return { launched, socket, running };
}

async function clone({ clone: { flags } }: ProcessPlan, cgroupPath: string | undefined): Promise<Launched> {
  const bits = flags.reduce((sum, flag) => sum | CLONE[flag as keyof typeof CLONE], 0);
  if (cgroupPath === undefined) return launchInit({ flags: bits });
  const cgroupFd = openSync(cgroupPath, 'r');
  try {
    return await launchInit({ flags: bits, cgroupFd });
  } finally {
    closeSync(cgroupFd);
  }
}

/** Kills a process that this one has started, if it still runs, and reaps it. */
async function endProcess(pidfd: Pidfd): Promise<void> {
  if (sendSignal(pidfd, SIGKILL)) await pidfd.wait();
  pidfd.close();
}

/**
 * Does the same for the one as which it has gone on: not reaped, that would keep its pid namespace from ever ending. It is a
 * child of this process, so that its pid means nobody else.
 */
async function endSuccessor(socketFd: number, known: number, reportFd: number): Promise<void> {
  const { successor } = readReportPage(reportFd);
  if (successor !== 0 && successor !== known) await endProcess(Pidfd.open(successor));
  closeUnread(socketFd);
}

/** What was sent along and never asked for. */
function closeUnread(socketFd: number): void {
  for (let said = takeOutcome(socketFd); said !== undefined; said = takeOutcome(socketFd)) {
    if (said.kind === 'started') return;
    if (said.kind === 'terminal' || said.kind === 'listener') closeSync(said.fd);
    if (said.kind === 'pid') closeSync(said.pidfd);
  }
}

/**
 * Sends a signal, by name or number, to a child.
 *
 * @returns `false` when it has ended and was waited for
 * @throws OptionError when there is no such signal
 */
export function sendSignal(pidfd: Pidfd, signal: string | number): boolean {
  const number = parseSignal(String(signal));
  if (number === undefined) throw new OptionError('signal', signal, 'a signal such as SIGTERM');
  if (pidfd.fd < 0 || pidfd.poll() !== undefined) return false;
  pidfd.signal(number);
  return true;
}

const SIGKILL = 9;

function fallbackNotes({ fallback }: Launched, { cgroupPath }: Place): readonly string[] {
  if (fallback === undefined || cgroupPath === undefined) return [];
  return [NOTES.bornElsewhere(fallback.reason)];
}
