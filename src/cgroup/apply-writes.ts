import { CgroupError } from '../errors/cgroup-error.js';
import { ConfigError } from '../errors/config-error.js';
import type { AskedField, CgroupWrite } from '../plan/types.js';
import { writeFile } from './files.js';
import type { Act } from './types.js';

/** How {@link applyWrites} works. */
export interface ApplyOptions {
  readonly act: Act;
  /** Called once, before something that has failed is tried again: somebody may have changed what is above meanwhile. */
  readonly repair?: () => void;
}

/**
 * Writes limits to a cgroup, in their order; what the kernel refuses because of one that is still to come, after the others.
 *
 * @throws CgroupError with the file and the value; ConfigError for what an engine asks for
 */
export function applyWrites(cgroup: string, writes: readonly CgroupWrite[], { act, repair }: ApplyOptions): void {
  let mayRepair = repair !== undefined;
  const late: CgroupWrite[] = [];
  for (const write of writes)
    act(`write ${write.value} to ${cgroup}/${write.file}`, () => {
      const failure = tryApply(cgroup, write);
      if (failure === undefined) return;
      if (write.retry === true && isInvalid(failure)) {
        late.push(write);
        return;
      }
      if (!mayRepair) throw toAskedError(failure, write.asked);
      mayRepair = false;
      repair?.();
      apply(cgroup, write);
    });
  for (const write of late) act(`write ${write.value} to ${cgroup}/${write.file}`, () => apply(cgroup, write));
}

/** Tells whether the kernel did not like a value. */
export function isInvalid(error: unknown): boolean {
  return error instanceof CgroupError && error.code === 'EINVAL';
}

function apply(cgroup: string, write: CgroupWrite): void {
  const failure = tryApply(cgroup, write);
  if (failure !== undefined) throw toAskedError(failure, write.asked);
}

/** @returns what it has failed with */
function tryApply(cgroup: string, { file, value, ifAbsent }: CgroupWrite): unknown {
  try {
    writeFile(cgroup, file, value);
    return undefined;
  } catch (error) {
    if (ifAbsent === undefined || !(error instanceof CgroupError) || error.code !== 'ENOENT') return error;
    return ifAbsent === 'skip' ? undefined : tryApply(cgroup, ifAbsent);
  }
}

/** Returns the error for a write that has failed: where an engine's field asks for it, one that names the field. */
export function toAskedError(error: unknown, asked: AskedField | undefined): unknown {
  if (asked === undefined || !(error instanceof CgroupError)) return error;
  const { message, hint, code, file = '' } = error;
  const expected = code === 'ENOENT' ? `possible here: there is no ${file}` : `accepted by the kernel: ${message}`;
  return new ConfigError(asked.pointer, asked.value, expected, { cause: error, hint });
}
