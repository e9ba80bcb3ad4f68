import { ContainerError, type ContainerErrorDetails } from './container-error.js';

/** Something was asked for that this host cannot give. */
export class UnsupportedError extends ContainerError {
  /** What was asked for: `memory limit`. */
  readonly feature: string;
  /** What it would take: `the memory controller`. */
  readonly needs: string;

  constructor(feature: string, needs: string, details: ContainerErrorDetails = {}) {
    super(`${feature} needs ${needs}`, 'ERR_UNSUPPORTED', details);
    this.feature = feature;
    this.needs = needs;
  }
}
