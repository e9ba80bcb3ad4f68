import { writeFileSync } from 'node:fs';
import { SyscallError } from '../errors/syscall-error.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { describeAct } from '../plan/describe.js';
import type { ParentAct } from '../plan/types.js';
import type { HandOverContext } from './hand-over.js';
import { moveNetDevice } from './net-devices.js';

/**
 * Does to a process that waits for its plan what it could not do itself.
 *
 * @throws SyscallError naming what was refused: EPERM for a hard limit without CAP_SYS_RESOURCE, EACCES for an oom_score_adj
 *   below the caller's own, ENODEV for a network device that is not there
 */
export function doParentActs(acts: readonly ParentAct[], context: HandOverContext): void {
  for (const one of acts) {
    context.act(describeAct(one), () => {
      doAct(one, context);
    });
  }
}

function doAct(one: ParentAct, { launched: { pid }, joined }: HandOverContext): void {
  switch (one.act) {
    case 'set-oom-score-adj':
      setOomScoreAdj(pid, one.value, describeAct(one));
      return;
    case 'raise-hard-limit':
      raiseHardLimit(pid, one);
      return;
    case 'move-net-device':
      moveNetDevice(one, pid, one.namespace === undefined ? undefined : joined.get(one.namespace)?.number);
  }
}

function setOomScoreAdj(pid: number, value: number, action: string): void {
  const path = `/proc/${String(pid)}/oom_score_adj`;
  try {
    writeFileSync(path, String(value));
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    const hint = 'going below the caller’s own value needs CAP_SYS_RESOURCE on the host';
    throw new SyscallError({ action, syscall: 'write', errno: -errno, path }, { hint });
  }
}

function raiseHardLimit(pid: number, one: Extract<ParentAct, { readonly act: 'raise-hard-limit' }>): void {
  const { resource, hard } = one;
  try {
    call(describeAct(one), () => {
      addon.raiseHardLimit({ pid, resource, hard: String(hard) });
    });
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const { syscall, errno } = error;
    const hint = 'raising a hard limit needs CAP_SYS_RESOURCE on the host';
    throw new SyscallError({ action: describeAct(one), syscall, errno }, { hint });
  }
}
