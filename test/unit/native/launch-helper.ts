import { closeSync, openSync, readFileSync, unlinkSync } from 'node:fs';
import type { WaitResult } from '../../../src/native/addon.js';
import { awaitOutcome, launchInit, type Outcome, sendPlan } from '../../../src/native/launch.js';
import { Pidfd } from '../../../src/native/pidfd.js';
import { createReportPage, readReportPage, type Report } from '../../../src/native/report-page.js';
import { encodePlan, type PlanContent } from '../../../src/plan/encode.js';
import type { Step } from '../../../src/plan/steps.js';

/** How one run of corral-init ended. */
export interface Run {
  readonly outcome: Outcome;
  readonly result: WaitResult;
  readonly report: Report;
}

export interface RunOptions {
  readonly flags?: number;
  readonly cgroupFd?: number;
  /** What the parent does before it sends the plan. */
  readonly prepare?: (pid: number) => void;
  /** Slots after the report page, with their descriptors. */
  readonly fds?: Readonly<Record<string, number>>;
  readonly fault?: NonNullable<PlanContent['fault']>;
}

/** A run that is under way. */
export interface Started {
  readonly outcome: Outcome;
  readonly pid: number;
  readonly process: Pidfd;
  readonly finish: () => Promise<Run>;
  readonly report: () => Report;
}

/** Sends raw bytes as a plan, and waits for the first outcome. */
export async function startBytes(bytes: Uint8Array, options: RunOptions = {}): Promise<Started> {
  const report = createReportPage();
  const launched = await launchInit({ flags: options.flags ?? 0, cgroupFd: options.cgroupFd });
  const process = Pidfd.adopt(launched.pidfd);
  options.prepare?.(launched.pid);
  sendPlan(launched.socketFd, bytes, [report, ...Object.values(options.fds ?? {})]);
  const outcome = await awaitOutcome(launched.socketFd);
  const finish = async (): Promise<Run> => {
    const result = await process.wait();
    const run = { outcome, result, report: readReportPage(report) };
    for (const fd of [report, launched.socketFd]) closeSync(fd);
    process.close();
    return run;
  };
  return { outcome, pid: launched.pid, process, finish, report: () => readReportPage(report) };
}

/** Starts a plan of these steps; slots are named by the keys of `fds`. */
export function start(steps: readonly Step[], options: RunOptions = {}): Promise<Started> {
  const fds = ['report', ...Object.keys(options.fds ?? {})];
  return startBytes(encodePlan({ fds, steps, ...(options.fault && { fault: options.fault }) }), options);
}

/** Runs a plan to its end. */
export async function run(steps: readonly Step[], options: RunOptions = {}): Promise<Run> {
  return (await start(steps, options)).finish();
}

/** The `exec` step of a shell script. */
export function shell(script: string, ...args: string[]): Step {
  return { op: 'exec', argv: ['/bin/sh', '-c', script, 'sh', ...args], environment: ['PATH=/usr/bin:/bin'] };
}

/** Runs steps and then a shell script; returns what it wrote. */
export async function output(steps: readonly Step[], script: string, options: RunOptions = {}): Promise<string> {
  const path = `/tmp/corral-native-output-${String(process.pid)}-${String(counter++)}`;
  const out = openSync(path, 'w+');
  try {
    const streams: Step = { op: 'set-standard-streams', stdin: undefined, stdout: 'out', stderr: 'out' };
    const ended = await run([streams, ...steps, shell(script)], { ...options, fds: { ...options.fds, out } });
    if (ended.outcome.kind !== 'started') throw new Error(JSON.stringify(ended.outcome));
    return readFileSync(path, 'utf8').trim();
  } finally {
    closeSync(out);
    unlinkSync(path);
  }
}

let counter = 0;
