import { readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { listProcesses } from '../cgroup/processes.js';
import { readReportPage } from '../native/report-page.js';
import { hasInit } from '../spec/annotations.js';
import { now } from '../util/now.js';
import { type ProcessIdentity, readIdentity } from './identity.js';
import type { State } from './state.js';
import { Traces, openReport } from './traces.js';

/** How long a start may take that nobody follows any more, and how often it is looked at; milliseconds. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 2;

/**
 * Waits until it is known what has become of a start whose owner died in the middle of it: with its whole plan, an init goes on
 * alone; without, or where it has something to say to its owner, it ends.
 *
 * @returns its first process, where the command was exec'd; that is another one than was noted where it has entered a pid namespace
 */
export async function findStarted(state: State, reportFile: string): Promise<ProcessIdentity | undefined> {
  // Not even the clone was noted: nothing was sent to it.
  if (state.init === undefined) return undefined;
  const found = await watchStart(state, reportFile, state.init);
  if (found !== 'passed on') return found === 'started' ? state.init : undefined;
  // Where that has ended by now, what it has noted says how.
  const init = findSuccessor(state, reportFile) ?? state.init;
  return (await watchStart(state, reportFile, init, true)) === 'started' ? init : undefined;
}

// The pid is of this namespace, where the owner was. By now it may be anybody's, but for who is in the container.
function findSuccessor({ cgroup }: State, reportFile: string): ProcessIdentity | undefined {
  using report = openReport(reportFile);
  const { successor } = report === undefined ? NO_REPORT : readReportPage(report.number);
  const found = readIdentity(successor);
  return found !== undefined && listProcesses(cgroup).includes(successor) ? found : undefined;
}

const NO_REPORT = { phase: undefined, successor: 0 };

async function watchStart(
  { spec }: State,
  reportFile: string,
  init: ProcessIdentity,
  isSuccessor = false,
): Promise<'started' | 'lost' | 'passed on'> {
  using traces = new Traces(init, openReport(reportFile));
  const isRunning = (): boolean => traces.pidfd?.hasEnded === false;
  const deadline = now() + PATIENCE_MS;
  for (;;) {
    // In this order: what has ended by now has said its last word.
    const lives = isRunning();
    const { phase, successor } = traces.readReport() ?? NO_REPORT;
    if (!isSuccessor && successor !== 0) return 'passed on';
    if (phase === 'waiting' || phase === 'exited') return 'started';
    if (lives && phase === 'running' && isCommand(spec, init)) return isRunning() ? 'started' : 'lost';
    if (!lives || phase === 'failed' || now() > deadline) return 'lost';
    await delay(LOOK_MS);
  }
}

// Without an init, the command takes its place. corral-init is executed from memory, and no command is.
function isCommand(spec: State['spec'], { pid }: ProcessIdentity): boolean {
  try {
    return !hasInit(spec) && !readlinkSync(`/proc/${String(pid)}/exe`).startsWith('/memfd:corral-init');
  } catch {
    return false; // it has just ended, or may not be looked at
  }
}
