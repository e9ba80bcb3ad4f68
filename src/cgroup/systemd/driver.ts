import { OptionError } from '../../errors/option-error.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import type { CgroupDriver } from '../../spec/annotations.js';
import type { CgroupFacts, ScopeFacts } from '../types.js';
import { isSlice } from './names.js';

/** What {@link selectDriver} decides from. */
export interface DriverRequest {
  readonly facts: CgroupFacts;
  /** The driver that was asked for. */
  readonly wanted?: CgroupDriver | undefined;
  /** The parent that was asked for. */
  readonly parent?: string | undefined;
}

/**
 * Chooses the driver.
 *
 * Where systemd has booted the host, the cgroup tree is its own, and it is asked; but not where the caller's cgroup has been
 * left to the caller already, which is faster and stays within the limits there, and not where a parent is given that is a
 * path: who names one knows whose it is.
 *
 * @throws UnsupportedError where `systemd` is asked for and cannot be had
 * @throws OptionError where the parent is none that systemd knows
 */
export function selectDriver({ facts, wanted, parent }: DriverRequest): CgroupDriver {
  if (wanted === 'cgroupfs') return 'cgroupfs';
  if (wanted === 'systemd') {
    checkSystemd(facts.systemd);
    if (parent !== undefined && !isSlice(parent))
      throw new OptionError(
        'cgroupParent',
        parent,
        'the name of a slice such as ci.slice, which is what systemd takes',
      );
    return 'systemd';
  }
  if (facts.systemd === undefined || facts.systemd.problem !== undefined) return 'cgroupfs';
  if (parent !== undefined) return isSlice(parent) ? 'systemd' : 'cgroupfs';
  return facts.systemd.delegated ? 'cgroupfs' : 'systemd';
}

function checkSystemd(systemd: ScopeFacts | undefined): void {
  if (systemd === undefined)
    throw new UnsupportedError(DRIVER, 'systemd as process 1, and there is no /run/systemd/system', {
      hint: 'leave the driver to corral, or say cgroupfs',
    });
  const { problem } = systemd;
  if (problem !== undefined) throw new UnsupportedError(DRIVER, `a systemd to ask: ${problem.text}`, problem);
}

const DRIVER = 'the systemd cgroup driver';
