import { pauseEngineContainer, resumeEngineContainer } from '../../container/engine/control.js';
import type { Verb, VerbCall } from '../verb.js';

/** `corral-oci pause` */
export const pause: Verb = {
  operands: '<container-id>',
  description: 'Stops all processes of a container in their tracks.',
  act: async ({ operands: [id = ''], globals }: VerbCall<object>) => {
    await pauseEngineContainer(globals.store, id);
    return 0;
  },
};

/** `corral-oci resume` */
export const resume: Verb = {
  operands: '<container-id>',
  description: 'Lets the processes of a paused container go on.',
  act: ({ operands: [id = ''], globals }: VerbCall<object>) => {
    resumeEngineContainer(globals.store, id);
    return 0;
  },
};
