import { printOut } from '../../cli/print.js';
import { describeFeatures } from '../features.js';
import type { Verb } from '../verb.js';
import { readVersion } from '../version.js';

/** `corral-oci features` */
export const features: Verb = {
  operands: '',
  description: 'Prints what this runtime knows of the specification, as JSON.',
  act: () => {
    printOut(`${JSON.stringify(describeFeatures(readVersion()), undefined, 2)}\n`);
    return 0;
  },
};
