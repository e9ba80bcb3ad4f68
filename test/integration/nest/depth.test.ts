import { describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { untilSays } from '../../helpers/lab.js';
import { makeDelegatedUser } from '../../helpers/delegated-user.js';
import { LEVEL, makeNestLab, requiresNesting } from './nest-lab.js';
import { MAIN } from '../cli/cli-lab.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeNestLab();

const DEEPEST = 20;
const levels = (first: number, last: number): readonly string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `level ${String(first + index)} 0::/`);

const descend = (name: string): Promise<Container> => {
  const command = ['sh', '-c', LEVEL, 'level', process.execPath, MAIN, '1', String(DEEPEST)];
  return lab.spawn(command, { name, nest: true, stderr: 'inherit', env: { LEVEL } });
};

describe(`${String(DEEPEST)} levels of containers, as root`, () => {
  it(
    'each at the root of its own view; one kill of the first takes them all',
    async (context) => {
      requiresNesting(context);
      const container = await descend('level1');
      const said = (await untilSays(container, 'deepest')).trimEnd().split('\n');
      expect(said).toEqual([...levels(1, DEEPEST), 'deepest']);

      const [tree] = lab.containers.tree();
      const path: string[] = [];
      for (let node = tree; node !== undefined; node = node.containers[0]) path.push(node.id);
      expect(path).toEqual(Array.from({ length: DEEPEST }, (_, index) => `level${String(index + 1)}`));

      const report = await container.kill();
      // The init and a supervisor at each level, and a shell at the last: whoever was there is in the count.
      expect(report.processes).toBeGreaterThanOrEqual(2 * DEEPEST);
      expect(report).toMatchObject({ gone: true });
    },
    60_000 * TIME_SCALE,
  );

  it(
    'a middle level takes those below it along, and nobody above',
    async (context) => {
      requiresNesting(context);
      const container = await descend('level1');
      await untilSays(container, 'deepest');
      const path = Array.from({ length: 10 }, (_, index) => `level${String(index + 1)}`).join('/');
      expect(await lab.containers.kill(path)).toMatchObject({ gone: true });
      // The shell of level 9 has become its corral, which ends with level 10; so do all above, by themselves.
      expect(await container.exited).toMatchObject({ exitCode: 137, signal: null });
    },
    60_000 * TIME_SCALE,
  );
});

describe('levels of containers, as a user without privileges', () => {
  const user = makeDelegatedUser();

  it(
    'go down as far as the kernel lets them, and the refusal says how far that is',
    async (context) => {
      requiresNesting(context);
      const script = `LEVEL='${LEVEL}'; export LEVEL
        exec "$NODE" "$MAIN" run -q --nest -e LEVEL -- sh -c "$LEVEL" level "$NODE" "$MAIN" 1 40`;
      const { stdout, stderr } = user.run('sh', '-c', script);
      const depth = stdout.trimEnd().split('\n').length;
      expect(stdout.trimEnd().split('\n')).toEqual(levels(1, depth));
      expect(stderr).toMatch(
        /corral: start corral-init in .*: ENOSPC .*\nhint: user and pid namespaces nest at most 32 deep/,
      );
      // This machine may itself be in a container or two.
      expect(depth).toBeGreaterThanOrEqual(DEEPEST);
      await context.annotate(`${String(depth)} levels`);
    },
    120_000 * TIME_SCALE,
  );
});
