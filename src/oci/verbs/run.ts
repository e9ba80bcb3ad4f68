import type { Command } from 'commander';
import { createEngineContainer } from '../../container/engine/create.js';
import { deleteEngineContainer } from '../../container/engine/end.js';
import { startEngineContainer } from '../../container/engine/start.js';
import { readBundle } from '../bundle.js';
import { type BundleFlags, addBundleFlags, toCreateOptions } from '../flags.js';
import { awaitProcess } from '../foreground.js';
import { applyFlags, passedFds } from '../passed.js';
import { checkTerminal } from '../terminal.js';
import type { Verb, VerbCall } from '../verb.js';

interface RunFlags extends BundleFlags {
  readonly detach?: true;
  readonly keep?: true;
}

/** `corral-oci run` */
export const run: Verb = {
  operands: '<container-id>',
  description: 'Creates and starts a container, waits for its end, and deletes it.',
  configure: (command: Command) => {
    addBundleFlags(command);
    command.option('-d, --detach', 'do not wait for its end').option('--keep', 'do not delete it when it has ended');
  },
  act: async ({ operands: [id = ''], flags, globals }: VerbCall<RunFlags>) => {
    const { store, warn } = globals;
    const passed = passedFds(flags.preserveFds, process.env, process.pid);
    const spec = applyFlags(readBundle(flags.bundle, globals), flags, passed);
    checkTerminal(spec.process, flags.consoleSocket, flags.detach === true);
    const started = await createEngineContainer(store, id, spec, toCreateOptions(flags));
    started.warnings.forEach(warn);
    try {
      await startEngineContainer(store, id);
    } catch (error) {
      await deleteEngineContainer(store, id, { force: true });
      throw error;
    }
    if (flags.detach === true) {
      started.pidfd.close();
      return 0;
    }
    const exitCode = await awaitProcess(started);
    if (flags.keep !== true) {
      const failure = await deleteEngineContainer(store, id, { force: true });
      if (failure instanceof Error) warn(failure.message);
    }
    return exitCode;
  },
};
