import { HookError } from '../errors/hook-error.js';
import { readHookEnd } from '../native/report-page.js';
import type { Step, StepOf } from '../plan/steps.js';
import { errnoName } from '../util/errno.js';
import { parseWaitStatus } from './result.js';

/** A step that has failed. */
interface FailedHook {
  readonly steps: readonly Step[];
  readonly index: number;
  readonly step: StepOf<'run-hook'>;
  readonly errno: number;
}

/** Says how a hook has failed that corral-init ran. @param reportFd - of the report page, which has the rest */
export function hookFailure(reportFd: number, { steps, index, step, errno }: FailedHook): HookError {
  const { waitStatus, output } = readHookEnd(reportFd);
  const name = nameHook(steps, index);
  const { path, timeout } = step;
  const code = errnoName(errno);
  if (code === 'ETIMEDOUT')
    return new HookError(name, path, `no end after ${String(Number(timeout) / 1000)} s`, { output });
  // It was not even executed.
  if (code !== 'ECANCELED') return new HookError(name, path, code);
  return new HookError(name, path, describeEnd(parseWaitStatus(waitStatus)), { output });
}

/** Says how a hook's process has ended. */
export function describeEnd({
  exitCode,
  signal,
}: {
  readonly exitCode: number | null;
  readonly signal: string | null;
}): string {
  return signal === null ? `exit status ${String(exitCode)}` : `signal ${signal}`;
}

function nameHook(steps: readonly Step[], index: number): string {
  const before = steps.slice(0, index);
  const start = before.findIndex(({ op }) => op === 'await-start');
  const number = before.slice(start + 1).filter(({ op }) => op === 'run-hook').length;
  return `${start < 0 ? 'createContainer' : 'startContainer'}[${String(number)}]`;
}
