import { createEngineContainer } from '../../container/engine/create.js';
import { readBundle } from '../bundle.js';
import { type BundleFlags, addBundleFlags, toCreateOptions } from '../flags.js';
import { applyFlags, passedFds } from '../passed.js';
import { checkTerminal } from '../terminal.js';
import type { Verb, VerbCall } from '../verb.js';

/** `corral-oci create` */
export const create: Verb = {
  operands: '<container-id>',
  description: 'Creates a container: all is set up, and its process waits for the start.',
  configure: addBundleFlags,
  act: async ({ operands: [id = ''], flags, globals }: VerbCall<BundleFlags>) => {
    const passed = passedFds(flags.preserveFds, process.env, process.pid);
    const spec = applyFlags(readBundle(flags.bundle, globals), flags, passed);
    checkTerminal(spec.process, flags.consoleSocket, true);
    const { store, warn } = globals;
    const { warnings } = await createEngineContainer(store, id, spec, { ...toCreateOptions(flags), warn });
    warnings.forEach(warn);
    return 0;
  },
};
