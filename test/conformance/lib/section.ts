import { type TestContext, afterAll, afterEach, describe, expect, it } from 'vitest';
import { RUNTIMES, type Runtime } from '../../engines/runtimes.js';
import { checkLeaks } from '../../helpers/leaks.js';
import type { Wish } from './config.js';
import { type Differences, readDifference } from './differences.js';
import { Machine } from './machine.js';
import { type Key, readSentence } from './sentences.js';

type Check = (machine: Machine, context: TestContext) => Promise<void> | void;

/** What a test of a section is given. */
export interface Section {
  /**
   * A test of a sentence of the runtime-spec.
   *
   * @param key - of the sentence
   * @param check - fails when a runtime does not do what it says
   * @param differences - by the name of a runtime: a check of what that one does instead, which differences.json tells of
   */
  readonly says: (key: Key, check: Check, differences?: Differences<Check>) => void;
  /** Returns something that is made by the first test that asks for it: containers cost time. */
  readonly shared: <T>(make: (machine: Machine) => Promise<T>) => () => Promise<T>;
  readonly machine: Machine;
}

/** The tests of one section, for corral-oci and for each other runtime that is installed. */
export function describeSection(title: string, tests: (section: Section) => void): void {
  if (process.geteuid?.() !== 0) {
    it(title, (context) => context.skip('needs root'));
    return;
  }
  for (const runtime of RUNTIMES) describe(`${title} > ${runtime.name}`, () => describeFor(runtime, tests));
}

function describeFor(runtime: Runtime, tests: (section: Section) => void): void {
  const machine = new Machine(runtime);
  checkLeaks(machine);
  afterEach(() => machine.clear());
  afterAll(() => {
    expect(machine.remove(), 'the directories above the containers are gone').toEqual([]);
  });
  tests({
    machine,
    shared: (make) => {
      let made: ReturnType<typeof make> | undefined;
      return () => (made ??= make(machine));
    },
    says: (key, check, differences = {}) => {
      const { anchor, text } = readSentence(key);
      const difference = readDifference(runtime, key, differences);
      const name = `#${anchor}: ${text}`;
      if (difference === undefined) it(name, (context) => check(machine, context));
      else it(`${name} — ${runtime.name} differs: ${difference.does}`, (context) => difference.check(machine, context));
    },
  });
}

/** What older runtimes do with what came later. */
export const OTHERS = {
  /** It is an unknown property to them. @param fields - of `part` */
  ignores: (part: 'process' | 'linux' | 'top', fields: object): Differences<Check> => ({
    runc: async (machine) => {
      expect(await machine.lines({ script: 'echo ran', [part]: fields })).toEqual(['ran']);
    },
  }),
  /** It is a wrong value to them. */
  refuses: (wish: Wish): Differences<Check> => ({
    runc: async (machine) => {
      expect((await machine.tryCreate(wish)).code).not.toBe(0);
    },
  }),
};
