import { beforeEach, describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { makeBoxes } from '../../helpers/boxes.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { makeInsideLab, refusal } from './inside-lab.js';

const lab = makeLab();
const inside = makeInsideLab(lab);
const { box } = makeBoxes(lab);

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
  const { v2Top } = readCgroupFacts();
  if (v2Top?.controllers.includes('memory') !== true) context.skip('needs the memory controller in cgroup v2');
  if (v2Top?.controllers.includes('pids') !== true) context.skip('needs the pids controller in cgroup v2');
});

describe.each([
  ['that nests', { nest: true }],
  ['that does not', {}],
] as const)('in a container %s, with controllers of cgroup v2', (_, options) => {
  it('a new cgroup has its limits, and they hold', async () => {
    const container = await box('true', { api: true, ...options });
    const script = `const call = await connect();
      const made = await call('create', 'a', { controllers: ['pids'], values: { 'memory.max': '64M', 'memory.swap.max': 0 } });
      await call('set', 'a', { 'pids.max': 3 });
      await call('move', 'a', process.pid);
      let failed = '';
      try { sh('sleep 3 & sleep 3 & sleep 3 & sleep 3 & wait'); } catch (error) { failed = String(error.stderr ?? error); }
      await call('move', '', process.pid);
      return { made, failed, controllers: await call('controllers') };`;
    const said = (await inside.ask(container, script, { user: '0:0' })) as { made: object; failed: string };
    expect(said).toMatchObject({ made: {} });
    expect(said.failed).not.toBe('');
  });

  it('its own processes leave room for it, and it is still theirs', async () => {
    const container = await box('true', { api: true, ...options });
    const script = `const call = await connect();
      const said = [await call('create', 'a', { controllers: ['pids', 'memory'] }), own(), (await call('scope')).result.base.split('/').pop()];
      return [...said, (await call('list')).result.cgroups.map(({ path }) => path), (await call('get', 'a', ['memory.max'])).result];`;
    expect(await inside.ask(container, script, { user: '0:0' })).toEqual([
      {},
      '/exec-1',
      'payload',
      ['a', 'exec-1', 'supervisor'],
      { 'memory.max': 'max' },
    ]);
  });

  it('no limit of the container’s own is changed by it', async () => {
    const container = await box('true', { api: true, memory: '256M', pids: 100, ...options });
    const script = `const call = await connect();
      const before = await call('create', 'a', { values: { 'memory.max': '1G', 'pids.max': 'max' } });
      return [before, await call('set', '..', { 'memory.max': 'max' }), await call('set', '', { 'memory.max': 'max' })];`;
    const refused = refusal('ERR_OPTION', /^path: /);
    expect(await inside.ask(container, script, { user: '0:0' })).toEqual([{}, refused, refused]);
    expect(lab.containers.inspect(container.id)).toMatchObject({
      limits: { memoryMaxBytes: 256 * 1024 * 1024, pidsMax: 100 },
    });
  });

  it('a user without privileges does not rearrange what is root’s', async () => {
    const container = await box('true', { api: true, ...options });
    const script = `const call = await connect(); return [await call('create', 'a', { controllers: ['pids'] }), await call('list')];`;
    const [refused, list] = (await inside.ask(container, script, { user: '1000:1000' })) as [object, object];
    expect(refused).toEqual(refusal('EACCES', /^write \+pids to cgroup\.subtree_control of your own cgroup: EACCES/));
    expect(list).toMatchObject({ result: { cgroups: [{ path: 'exec-1' }] } });
  });

  it('a child that runs out of its memory is killed alone', async () => {
    const container = await box('true', { api: true, ...options });
    const script = `const call = await connect();
      const limits = { 'memory.max': '32M', 'memory.swap.max': 0 };
      const said = [await call('create', 'small', { values: limits }), await call('create', 'other', { values: limits })];
      const other = Number(sh('sleep 1000 >/dev/null 2>&1 & echo $!'));
      const fill = 'until [ -e /tmp/go ]; do sleep 0.1; done; head -c 256M /dev/zero | tail > /dev/null; echo $? > /tmp/code';
      const small = Number(sh('sh -c "' + fill.replace('$?', '\\\\$?') + '" >/dev/null 2>&1 & echo $!'));
      said.push(await call('move', 'other', other), await call('move', 'small', small));
      writeFileSync('/tmp/go', '');
      const code = sh('until [ -s /tmp/code ]; do sleep 0.1; done; cat /tmp/code');
      const kills = async (path) => /oom_kill (\\d+)/.exec((await call('get', path, ['memory.events'])).result['memory.events'])[1];
      process.kill(other, 0);
      return { said, code, small: await kills('small'), other: await kills('other') };`;
    expect(await inside.ask(container, script, { user: '0:0' })).toEqual({
      said: [{}, {}, {}, {}],
      code: '137',
      small: '1',
      other: '0',
    });
    expect(lab.containers.get(container.id).status).toBe('running');
  });
});
