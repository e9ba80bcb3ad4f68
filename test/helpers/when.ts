import { type TestContext, describe, it } from 'vitest';

/** `it`, for a test that not every machine can run: elsewhere it is skipped, with the reason. */
export function itWhen(
  condition: boolean,
  reason: string,
): (name: string, test: (context: TestContext) => unknown) => void {
  return (name, test) => {
    it(name, (context) => (condition ? (test(context) as Promise<void>) : context.skip(reason)));
  };
}

/** `describe`, likewise. */
export function describeWhen(condition: boolean, reason: string): (name: string, tests: () => void) => void {
  return (name, tests) => {
    if (condition) describe(name, tests);
    else it(name, (context) => context.skip(reason));
  };
}
