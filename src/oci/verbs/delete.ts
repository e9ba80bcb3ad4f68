import { deleteEngineContainer } from '../../container/engine/end.js';
import { isContainerError } from '../../errors/container-error.js';
import type { Verb, VerbCall } from '../verb.js';

/** `corral-oci delete` */
export const remove: Verb = {
  operands: '<container-id>',
  description: 'Removes what there is of a container that has ended, or was never started.',
  configure: (command) => command.option('-f, --force', 'kill it first; one that is not there is no error'),
  act: async ({ operands: [id = ''], flags, globals }: VerbCall<{ readonly force?: true }>) => {
    const force = flags.force === true;
    try {
      for (const { message } of await deleteEngineContainer(globals.store, id, { force })) globals.warn(message);
    } catch (error) {
      if (!force || !isContainerError(error) || error.code !== 'ERR_NOT_FOUND') throw error;
    }
    return 0;
  },
};
