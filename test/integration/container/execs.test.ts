import { expect, it } from 'vitest';
import { makeLab, until, untilSays } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { makeMarker } from '../../helpers/orphans.js';

const lab = makeLab();

it('lists the execs of a container, and kills one of them alone, whoever has started it', async () => {
  const container = await lab.spawn(['sleep', '1000'], { name: 'web' });
  expect(lab.containers.inspect('web').execs).toEqual([]);
  const [one, other] = [makeMarker(), makeMarker()];
  const script = '(setsid sh -c "sleep 1000; true" $0 &); echo ready; sleep 1000';
  const first = await container.exec(['sh', '-c', script, one]);
  const second = await container.exec(['sh', '-c', script, other]);
  for (const child of [first, second]) await untilSays(child, 'ready');
  const settled = (): boolean => lab.containers.inspect('web').execs.every(({ pids }) => pids.length === 4);
  await until(settled, 'all of it runs: two shells and two sleeps each');

  const execs = lab.containers.inspect('web').execs;
  expect(execs.map(({ name }) => name)).toEqual(['exec-1', 'exec-2']);
  expect(execs[0]?.pids).toContain(first.pid);
  const preview = await lab.containers.killExec('web', 'exec-2', { dryRun: true });
  expect(preview).toMatchObject({ rung: 'none', gone: false });
  expect([...(preview.pids ?? [])].sort()).toEqual([...(execs[1]?.pids ?? [])].sort());
  expect(findByArgument(other)).toHaveLength(2);

  expect(await lab.containers.killExec('web', 'exec-2')).toMatchObject({ gone: true });
  expect(findByArgument(other)).toEqual([]);
  expect(await second.exited).toMatchObject({ signal: 'SIGKILL' });
  expect(findByArgument(one)).toHaveLength(2);
  expect(lab.containers.inspect('web').execs.map(({ name }) => name)).toEqual(['exec-1']);
});

it('names an exec that there is not, and where to look for those that there are', async () => {
  await lab.spawn(['sleep', '1000'], { name: 'web' });
  await expect(lab.containers.killExec('web', 'exec-7')).rejects.toMatchObject({
    code: 'ERR_NOT_FOUND',
    message: 'exec "exec-7" of "web" does not exist',
    hint: expect.stringContaining('corral inspect') as string,
  });
  await expect(lab.containers.killExec('nobody', 'exec-1')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
});
