import { killEngineContainer } from '../../container/engine/end.js';
import type { Verb, VerbCall } from '../verb.js';

/** `corral-oci kill` */
export const kill: Verb = {
  operands: '<container-id> [signal]',
  description: 'Sends a signal to the first process of a container: TERM, SIGTERM or 15.',
  configure: (command) => command.option('-a, --all', 'to every process'),
  act: async ({ operands: [id = '', signal = 'SIGTERM'], flags, globals }: VerbCall<{ readonly all?: true }>) => {
    await killEngineContainer(globals.store, id, signal, { all: flags.all === true });
    return 0;
  },
};
