import type { Command } from 'commander';
import { execInEngineContainer } from '../../container/engine/exec.js';
import { parseProcess } from '../../spec/config/config.js';
import type { Process } from '../../spec/types.js';
import { readText } from '../bundle.js';
import { type ExecFlags, addExecFlags, processOf } from '../exec-flags.js';
import { toCreateOptions } from '../flags.js';
import { SignalRelay, awaitProcess } from '../foreground.js';
import { passedFds, tellPassed } from '../passed.js';
import { checkTerminal } from '../terminal.js';
import type { Verb, VerbCall } from '../verb.js';

/** `corral-oci exec` */
export const exec: Verb = {
  operands: '<container-id> [command...]',
  description: 'Runs a process in a container that runs.',
  takesCommand: true,
  failure: 255,
  configure: (command: Command) => {
    addExecFlags(command);
  },
  act: async ({ operands: [id = '', ...words], flags, globals }: VerbCall<ExecFlags>) => {
    const { store, warn } = globals;
    const passed = passedFds(flags.preserveFds, process.env, process.pid);
    const target = tellPassed(readTarget(store.get(id).spec.process, words, flags, warn), passed);
    checkTerminal(target, flags.consoleSocket, flags.detach === true);
    using signals = flags.detach === true ? undefined : new SignalRelay();
    const started = await execInEngineContainer(store, id, target, {
      ...toCreateOptions(flags),
      preserveFds: passed.count,
      subCgroups: flags.cgroup,
      ignorePaused: flags.ignorePaused === true,
    });
    started.warnings.forEach(warn);
    if (signals !== undefined) return await awaitProcess(started, signals);
    started.pidfd.close();
    return 0;
  },
};

function readTarget(
  container: Process,
  words: readonly string[],
  flags: ExecFlags,
  warn: (text: string) => void,
): Process {
  if (flags.process === undefined) return processOf(container, words, flags);
  const { process: target, warnings } = parseProcess(readText(flags.process), container);
  warnings.forEach(warn);
  return target;
}
