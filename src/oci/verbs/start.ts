import { startEngineContainer } from '../../container/engine/start.js';
import type { Verb, VerbCall } from '../verb.js';

/** `corral-oci start` */
export const start: Verb = {
  operands: '<container-id>',
  description: 'Starts the process of a container that was created.',
  act: async ({ operands: [id = ''], globals }: VerbCall<object>) => {
    await startEngineContainer(globals.store, id, globals.warn);
    return 0;
  },
};
