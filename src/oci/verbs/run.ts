import type { Command } from 'commander';
import { createEngineContainer } from '../../container/engine/create.js';
import type { StartedProcess } from '../../container/engine/console.js';
import { deleteEngineContainer } from '../../container/engine/end.js';
import { startEngineContainer } from '../../container/engine/start.js';
import { HookError } from '../../errors/hook-error.js';
import { readBundle } from '../bundle.js';
import { type BundleFlags, addBundleFlags, toCreateOptions } from '../flags.js';
import { SignalRelay, awaitProcess } from '../foreground.js';
import { applyFlags, passedFds } from '../passed.js';
import { checkTerminal } from '../terminal.js';
import type { Globals, Verb, VerbCall } from '../verb.js';

interface RunFlags extends BundleFlags {
  readonly detach?: true;
  readonly keep?: true;
}

/** Closes what belongs to a process that has been killed, and reaps it. */
async function giveUp({ pidfd, terminal }: StartedProcess): Promise<void> {
  terminal?.close();
  await pidfd.wait();
  pidfd.close();
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
    const started = await createEngineContainer(store, id, spec, { ...toCreateOptions(flags), warn });
    started.warnings.forEach(warn);
    using signals = flags.detach === true ? undefined : new SignalRelay();
    try {
      await startEngineContainer(store, id, warn);
    } catch (error) {
      // After a hook that has failed there is nothing left.
      if (!(error instanceof HookError)) await remove(globals, id);
      await giveUp(started);
      throw error;
    }
    if (signals === undefined) {
      started.pidfd.close();
      return 0;
    }
    const exitCode = await awaitProcess(started, signals);
    if (flags.keep !== true) await remove(globals, id);
    return exitCode;
  },
};

async function remove({ store, warn }: Globals, id: string): Promise<void> {
  for (const { message } of await deleteEngineContainer(store, id, { force: true })) warn(message);
}
