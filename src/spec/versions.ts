/** The version of the runtime-spec that corral follows. */
export const OCI_VERSION = '1.3.0';
