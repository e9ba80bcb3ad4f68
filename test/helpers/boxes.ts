import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import type { Container } from '../../src/container/container.js';
import type { SpawnOptions } from '../../src/container/spawn.js';
import { type Lab, untilSays } from './lab.js';

/** Containers that do nothing but wait, and what can be done in them. */
export interface Boxes {
  /** Starts one; it has run the script by the time. */
  readonly box: (script?: string, options?: SpawnOptions) => Promise<Container>;
  /** Runs a script in it, and returns what that prints. */
  readonly sh: (container: Container, script: string) => Promise<string>;
}

export function makeBoxes(lab: Lab): Boxes {
  return {
    box: async (script = 'true', options = {}) => {
      const container = await lab.spawn(['sh', '-c', `${script}\necho ready; exec sleep 1000`], options);
      await untilSays(container, 'ready');
      return container;
    },
    sh: async ({ id }, script) => {
      const process = await lab.containers.exec(id, ['sh', '-c', script]);
      const [out, err] = await Promise.all([text(process.stdout), text(process.stderr)]);
      expect(await process.exited, err).toMatchObject({ exitCode: 0 });
      return out;
    },
  };
}
