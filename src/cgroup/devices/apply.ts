import { ConfigError } from '../../errors/config-error.js';
import { SyscallError } from '../../errors/syscall-error.js';
import type { DevicePlan } from '../../plan/types.js';
import { onDirectory, readText, writeFile } from '../files.js';
import { parseState, toState, transition } from '../v1/devices.js';
import { compileDevices } from '../v2/devices/program.js';
import { attachDevices } from './attach.js';

/**
 * Has a cgroup enforce who may use which devices.
 *
 * @param isNew - nobody lives in it, and nothing was written there before
 * @throws ConfigError where the kernel refuses it, with what it says as the cause
 * @see cgroup-v1/devices.rst; cgroup-v2.rst "Device controller"
 */
export function applyDevices(plan: DevicePlan, isNew: boolean): void {
  try {
    if (plan.version === 1) writeV1(plan, isNew);
    else attachDevices(plan.path, compileDevices(plan.rules));
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (plan.optional === true) return;
    const { message, hint } = error;
    const details = { cause: error, hint: hint ?? describeHint(error) };
    throw new ConfigError('/linux/resources/devices', plan.rules, `possible here: ${message}`, details);
  }
}

function writeV1({ path, rules }: DevicePlan, isNew: boolean): void {
  const text = onDirectory(`read ${path}/devices.list`, path, () => readText(`${path}/devices.list`));
  for (const { file, value } of transition(parseState(text), toState(rules), isNew)) writeFile(path, file, value);
}

function describeHint({ code, syscall }: SyscallError): string | undefined {
  if (code !== 'EPERM') return undefined;
  return syscall === 'bpf'
    ? 'this takes CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, of the initial user namespace'
    : 'a container around this one does not allow it either';
}
