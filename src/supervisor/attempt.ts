/** Returns what an act returns, as a promise: what it throws is its rejection. */
export function attempt<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(act());
  });
}

/** Returns what tells of a container that cannot be gone on with: it does not keep the others from it. */
export function warnOf(id: string): (error: unknown) => void {
  return (error) => {
    process.emitWarning(
      `container ${id}: ${error instanceof Error ? error.message : String(error)}`,
      'CORRAL_RECOVERY',
    );
  };
}
