import { printOut } from '../../cli/print.js';
import { readEngineState } from '../../container/engine/status.js';
import { describe } from '../describe.js';
import type { Verb, VerbCall } from '../verb.js';

/** `corral-oci state` */
export const state: Verb = {
  operands: '<container-id>',
  description: 'Prints the state of a container, as JSON.',
  act: ({ operands: [id = ''], globals: { store } }: VerbCall<object>) => {
    const found = store.get(id);
    printOut(`${JSON.stringify(describe(found, readEngineState(store, found)), undefined, 2)}\n`);
    return 0;
  },
};
