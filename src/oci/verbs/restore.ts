import { type Command, Option } from 'commander';
import { restoreEngineContainer } from '../../container/engine/criu/restore.js';
import { deleteEngineContainer } from '../../container/engine/end.js';
import { readBundle } from '../bundle.js';
import { type SharedFlags, addSharedFlags, toCriuFlags } from '../criu-flags.js';
import { refusedFlag } from '../flag-words.js';
import { type ProcessFlags, toCreateOptions } from '../flags.js';
import { SignalRelay, awaitProcess } from '../foreground.js';
import { checkTerminal } from '../terminal.js';
import type { Verb, VerbCall } from '../verb.js';

interface RestoreVerbFlags extends SharedFlags, ProcessFlags {
  readonly bundle?: string;
  readonly detach?: true;
  readonly lsmProfile?: string;
  readonly lsmMountContext?: string;
}

/** `corral-oci restore` */
export const restore: Verb = {
  operands: '<container-id>',
  description: 'Makes a container from what checkpoint has saved; it goes on where it was.',
  configure: (command: Command) => {
    addSharedFlags(command);
    command
      .option('-b, --bundle <DIR>', 'the bundle (default: the working directory)')
      .option('-d, --detach', 'do not wait for its end')
      .option('--console-socket <SOCKET>', 'a Unix socket that gets the master of the terminal')
      .option('--pid-file <FILE>', 'write the process id there')
      .option('--lsm-profile <TYPE:NAME>', 'another profile of AppArmor, or label of SELinux')
      .option('--lsm-mount-context <LABEL>', 'another label of SELinux for what is mounted')
      .addOption(new Option('--no-subreaper', 'taken: orphans are reaped by nobody else').hideHelp())
      .addOption(refusedFlag('--no-pivot', 'criu changes the root, and can do it no other way'));
  },
  act: async ({ operands: [id = ''], flags, globals }: VerbCall<RestoreVerbFlags>) => {
    const { store, warn } = globals;
    const { lsmProfile, lsmMountContext } = flags;
    const spec = readBundle(flags.bundle, globals);
    checkTerminal(spec.process, flags.consoleSocket, flags.detach === true);
    using signals = flags.detach === true ? undefined : new SignalRelay();
    const restored = await restoreEngineContainer(store, id, spec, {
      ...toCriuFlags(flags, globals),
      ...toCreateOptions(flags),
      ...(lsmProfile === undefined ? {} : { lsmProfile }),
      ...(lsmMountContext === undefined ? {} : { lsmMountContext }),
    });
    if (signals === undefined) {
      restored.pidfd.close();
      return 0;
    }
    const exitCode = await awaitProcess(restored, signals);
    for (const { message } of await deleteEngineContainer(store, id, { force: true })) warn(message);
    return exitCode;
  },
};
