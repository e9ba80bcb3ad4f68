import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { apiDirectory } from '../../../src/container/store.js';
import { API_DIRECTORY } from '../../../src/spec/api.js';
import { makeBoxes } from '../../helpers/boxes.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { type Answer, CLIENT, makeInsideLab, refusal } from './inside-lab.js';

const lab = makeLab();
const inside = makeInsideLab(lab);
const { box } = makeBoxes(lab);

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true, programs: ['nsenter', 'python3', 'setpriv', 'unshare'] });
});

const ask = (container: Container, script: string, user = '0:0'): Promise<unknown> =>
  inside.ask(container, `const call = await connect();\n${script}`, { user });
/** Calls from outside, behind other words. Not waited for in one piece: the server is this process. */
const callFrom = async (prefix: readonly string[], socket: string, body: string): Promise<unknown> => {
  const [program, ...words] = [...prefix, process.execPath, CLIENT, socket, body];
  return JSON.parse(await text(spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout)) as unknown;
};

describe('refused, without effect', () => {
  it('a caller that has become another user since it connected', async () => {
    const container = await box('true', { api: true });
    const script = `const before = await call('create', 'a');
      process.setegid(1000); process.seteuid(1000);
      const said = [before, await call('create', 'b'), await call('list')];
      process.seteuid(0); process.setegid(0);
      return [...said, (await call('list')).result.cgroups.map(({ path }) => path)];`;
    const changed = refusal('EPERM', /^answer caller: EPERM/);
    expect(await ask(container, script)).toEqual([{}, changed, changed, ['a', 'exec-1']]);
  });

  it('a user’s hands on what is root’s in the same container, and on its processes', async () => {
    const container = await box('true', { api: true });
    await ask(container, `await call('create', 'a'); await call('create', 'a/b');`);
    const script = `await call('create', 'mine'); const said = [];
      for (const [method, ...more] of [['set', { 'cgroup.freeze': 1 }], ['freeze'], ['thaw'], ['signal', 'TERM'], ['kill'], ['remove'], ['remove', { whenEmpty: true }],
        ['chown', { gid: 1000 }], ['move', process.pid]])
        said.push(await call(method, 'a/b', ...more));
      return [said, await call('create', 'a/c'), await call('move', 'mine', 1), await call('create', 'm', { controllers: ['hugetlb'] })];`;
    const [said, made, moved, handed] = (await ask(container, script, '1000:1000')) as [
      Answer[],
      Answer,
      Answer,
      Answer,
    ];
    for (const answer of said)
      expect(answer).toEqual(refusal('EACCES', /^.* cgroup "a\/b": EACCES \(permission denied\)$/));
    expect(made).toEqual(refusal('EACCES', /^make cgroup "a\/c": EACCES/));
    expect(moved).toEqual(refusal('EPERM', /^move process 1: EPERM/));
    expect(handed).toMatchObject({ error: {} });
    const left = (await ask(container, `return (await call('list')).result.cgroups;`)) as {
      path: string;
      frozen: boolean;
    }[];
    expect(left.map(({ path, frozen }) => [path, frozen])).toEqual([
      ['a', false],
      ['exec-1', false],
      ['mine', false],
    ]);
  });

  it('a user who takes a process of his out of a cgroup that root has put it into', async () => {
    const container = await box('true', { api: true });
    const script = `const { spawn } = await import('node:child_process');
      for (const path of ['limited', 'limited/his', 'his']) await call('create', path);
      for (const path of ['limited/his', 'his']) await call('chown', path, { uid: 1000, gid: 1000 });
      const [one, two] = [0, 1].map(() => spawn('sleep', ['1000'], { stdio: 'ignore', uid: 1000, gid: 1000, detached: true }));
      for (const { pid } of [one, two]) await call('move', 'limited/his', pid);
      one.unref(); two.unref();
      return [one.pid, two.pid];`;
    const [one, two] = (await ask(container, script)) as [number, number];
    const said = await ask(
      container,
      `await call('create', 'limited/his/own');
      return [await call('move', '', ${String(one)}), await call('move', 'his', ${String(one)}), await call('move', 'limited/his/own', ${String(one)}),
        await call('move', '', process.pid), await call('tasks', 'limited', { recursive: true }), await call('move', 'his', process.pid)];`,
      '1000:1000',
    );
    const refused = refusal('EACCES', /^move process \d+ out of cgroup "limited": EACCES/);
    expect(said).toEqual([refused, refused, {}, {}, { result: { pids: [one, two], hidden: 0 } }, {}]);
    expect(
      await ask(container, `return [await call('move', '', ${String(one)}), await call('kill', 'limited')];`),
    ).toEqual([{}, { result: expect.objectContaining({ processes: 1 }) as object }]);
  });

  it('a user namespace of its own makes nobody root over others', async () => {
    const container = await box('true', { api: true, nest: true });
    await ask(container, `await call('create', 'a');`);
    const body = `const call = await connect(); return [process.getuid(), await call('kill', 'a'), await call('move', '', 1), await call('create', 'own')];`;
    const script = `const { execFileSync } = await import('node:child_process');
      return JSON.parse(execFileSync('unshare', ['-Ur', process.execPath, ${JSON.stringify(CLIENT)}, ${JSON.stringify(inside.inside)}, ${JSON.stringify(body)}], { encoding: 'utf8' }));`;
    expect(await ask(container, script, '1000:1000')).toEqual([
      0,
      refusal('EACCES', /^kill cgroup "a": EACCES/),
      refusal('EPERM', /^move process 1: EPERM/),
      {},
    ]);
  });

  it('a container that was not started with --api', async () => {
    const volumes = [`${apiDirectory(lab.stateDir)}:${API_DIRECTORY}`];
    const container = await box('true', { volumes });
    expect(await ask(container, `return [await call('scope'), await call('list')];`)).toEqual(
      Array(2).fill(refusal('EACCES', /^answer a process of "\w+": EACCES/)),
    );
  });

  it('a container of another supervisor’s', async () => {
    const volumes = [`${apiDirectory(lab.stateDir)}:${API_DIRECTORY}`];
    const container = await box('true', { volumes, stateDir: lab.directory() });
    const enter = ['nsenter', '-t', String(container.pid)];
    const body = `const call = await connect(); return await call('list', { in: '${container.id}' });`;
    // This one is the host's root but for the files that it sees, and in no container.
    expect(await callFrom([...enter, '-m'], inside.inside, body)).toMatchObject({ error: { code: 'ERR_NOT_FOUND' } });
    expect(await callFrom([...enter, '-a'], inside.inside, body)).toEqual(refusal('EPERM', /^answer caller: EPERM/));
  });

  it('other users of the host, and root in namespaces of its own', async () => {
    chmodSync(lab.stateDir, 0o711);
    const container = await box('true', { api: true });
    const body = `const call = await connect(); return await call('list', { in: '${container.id}' });`;
    const refused = refusal('EPERM', /^answer caller: EPERM/);
    expect(await callFrom([], inside.socket, body)).toMatchObject({ result: { truncated: false } });
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    for (const prefix of [nobody, ['unshare', '-Ur'], ['unshare', '-pf']])
      expect(await callFrom(prefix, inside.socket, body), prefix.join(' ')).toEqual(refused);
  });

  it('a mark that was forged to seem another container, or its own parent', async () => {
    const [container, sibling] = [await box('true', { api: true, nest: true }), await box('true', { api: true })];
    const forge = (mark: string): string =>
      `sh('for at in /sys/fs/cgroup /sys/fs/cgroup/unified; do [ -e $at/cgroup.procs ] && python3 -c "import os,sys; os.setxattr(sys.argv[1], \\'user.corral\\', b\\'${mark}\\'); os.setxattr(sys.argv[1], \\'user.corral.base\\', b\\'1\\')" $at; done; true')`;
    const script = `const said = [(await call('scope')).result.base];
      for (const at of ['x', 'x/exec-1', 'x/exec-1/y']) await call('create', at);
      ${forge(sibling.id)};
      said.push((await call('scope')).result.base);
      ${forge(container.id)};
      said.push((await call('scope')).result.base);
      await call('move', 'x/exec-1/y', process.pid);
      said.push((await call('scope')).result.base);
      return said;`;
    const said = (await ask(container, script)) as string[];
    const payload = said[0] ?? '';
    expect(payload).toMatch(new RegExp(`/${container.id}/payload$`));
    expect(said).toEqual([payload, payload, payload, `${payload}/x/exec-1/y`]);
  });

  it('another runtime’s container inside gets no more than its own cgroup', async () => {
    const container = await box('true', { api: true, nest: true });
    const body = `const call = await connect(); return (await call('scope')).result;`;
    const script = `const { execFileSync } = await import('node:child_process');
      return JSON.parse(execFileSync('unshare', ['-C', process.execPath, ${JSON.stringify(CLIENT)}, ${JSON.stringify(inside.inside)}, ${JSON.stringify(body)}], { encoding: 'utf8' }));`;
    expect(await ask(container, script)).toMatchObject({
      base: expect.stringMatching(/\/payload\/exec-1$/) as string,
      isPayload: false,
    });
  });
});
