import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, type TestContext } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { readHostFacts } from '../../../src/host/read-facts.js';
import { type Lab, makeLab, untilSays } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { MAIN } from '../cli/cli-lab.js';

/** `corral`, as a command in the containers of these tests: the one that is tested. */
export const CORRAL = `'${process.execPath}' '${MAIN}'`;

/** A script that goes down from one level to the next: see its first line. */
export const LEVEL = readFileSync(new URL('level.sh', import.meta.url), 'utf8');

/** Containers that hold others. */
export interface NestLab extends Lab {
  /** Starts one; it has run the script by the time, in which `corral` is the command. */
  readonly nest: (script: string, options?: SpawnOptions) => Promise<Container>;
  /** Runs a script in a container, and returns what that prints. */
  readonly sh: (container: Container, script: string) => Promise<string>;
}

/** Skips a test where nothing can be nested, with the reason. */
export function requiresNesting(context: TestContext, controllers: readonly string[] = []): void {
  requires(context, { root: true, cgroup2: true, controllers });
  const { refused } = readHostFacts({ paths: [], cwd: '/' }).userns;
  if (refused !== undefined) context.skip(`needs user namespaces: ${refused}`);
}

/** Puts `corral` into a script as a command. Notes about the host are not what these tests are about. */
function withCorral(script: string): string {
  return `corral() { verb=$1; shift; if [ "$verb" = run ]; then set -- -q "$@"; fi; ${CORRAL} "$verb" "$@"; }\n${script}`;
}

export function makeNestLab(): NestLab {
  const lab = makeLab();
  return {
    ...lab,
    nest: async (script, options = {}) => {
      const command = ['sh', '-c', withCorral(`${script}\necho ready; wait; exec sleep 1000`)];
      const container = await lab.spawn(command, { nest: true, stderr: 'inherit', ...options });
      await untilSays(container, 'ready');
      return container;
    },
    sh: async ({ id }, script) => {
      const process = await lab.containers.exec(id, ['sh', '-c', withCorral(script)]);
      const [out, err] = await Promise.all([text(process.stdout), text(process.stderr)]);
      expect(await process.exited, err).toMatchObject({ exitCode: 0 });
      return out;
    },
  };
}
