import type { SupervisedOptions } from '../types.js';

/**
 * Returns a container as a request for one has it.
 *
 * @param around - the caller's environment, from which a variable without a value has it, and its working directory
 */
export function createWords(
  { command, container, supervision, callerDirectory, callerEnv }: SupervisedOptions,
  how: { readonly start?: boolean; readonly lease?: boolean },
  around: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
): Record<string, unknown> {
  const { leased: _, ...rest } = supervision;
  return {
    command,
    ...container,
    ...rest,
    ...(container.env === undefined ? {} : { env: passVariables(container.env, around.env) }),
    callerDirectory: callerDirectory ?? around.cwd,
    ...(callerEnv === undefined ? {} : { callerEnv }),
    ...how,
  };
}

/** Returns variables with values only: one without has the caller's, where that has one. */
export function passVariables(
  variables: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => {
      const passed = value ?? env[name];
      return passed === undefined ? [] : [[name, passed]];
    }),
  );
}
