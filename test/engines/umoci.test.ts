import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Called, callInTerminal, callOk, callProgram } from './calls.js';
import { makeRootfs } from './image.js';
import { type Inventory, type Traces, findLeftovers, removeParents, takeInventory } from './leftovers.js';
import { RUNTIMES, type Runtime, whyNot } from './runtimes.js';

const absent = whyNot('umoci', 'busybox', 'script');

interface Config {
  process: { args: readonly string[]; terminal: boolean };
  linux: { cgroupsPath?: string };
}

// The bundles of umoci are driven by hand, as the specification has it.
describe.each(RUNTIMES)('a bundle of umoci with $name', (runtime: Runtime) => {
  const reason = absent ?? runtime.missing;
  if (reason !== undefined) {
    it('runs', (context) => {
      context.skip(reason);
    });
    return;
  }

  let directory: string;
  let bundle: string;
  let traces: Traces;
  let clean: Inventory;
  beforeAll(() => {
    directory = mkdtempSync('/var/tmp/corral-umoci-');
    const rootfs = makeRootfs(directory);
    chmodSync(join(rootfs, 'tmp'), 0o1777);
    const image = `${directory}/images:box`;
    callOk(['umoci', 'init', '--layout', `${directory}/images`]);
    callOk(['umoci', 'new', '--image', image]);
    callOk(['umoci', 'insert', '--image', image, rootfs, '/']);
    const of = ['--config.user', 'ann', '--config.workingdir', '/tmp', '--config.env', 'PATH=/bin'];
    const command = ['sh', '-c', 'id; pwd; hostname; exit 5'].flatMap((word) => ['--config.cmd', word]);
    callOk(['umoci', 'config', '--image', image, ...of, ...command]);
    bundle = join(directory, 'bundle');
    callOk(['umoci', 'unpack', '--image', image, bundle]);
    traces = { directory, cgroupParent: basename(directory), stateDir: join(directory, 'state') };
    clean = takeInventory(traces);
  });
  afterAll(() => {
    removeParents(traces);
    rmSync(directory, { recursive: true });
  });
  afterEach(async () => {
    for (const id of call('list', '--quiet')
      .stdout.split('\n')
      .filter((line) => line !== ''))
      call('delete', '--force', id);
    expect(await findLeftovers(clean, traces), 'nothing is left').toEqual([]);
  });

  const words = (...args: readonly string[]): readonly string[] => [
    runtime.path,
    '--root',
    join(directory, 'state'),
    ...args,
  ];
  const call = (...args: readonly string[]): Called => callProgram(words(...args));
  const detach = (...args: readonly string[]): Called =>
    callProgram(words(...args), { output: join(directory, 'out') });
  const original = (): Config => JSON.parse(readFileSync(join(directory, 'original.json'), 'utf8')) as Config;
  const configure = (id: string, args: readonly string[] | undefined, terminal = false): void => {
    const file = join(bundle, 'config.json');
    const saved = join(directory, 'original.json');
    if (!readdirSync(directory).includes('original.json')) writeFileSync(saved, readFileSync(file));
    const config = original();
    config.process.terminal = terminal;
    config.process.args = args ?? config.process.args;
    config.linux.cgroupsPath = `/${traces.cgroupParent}/${id}`;
    writeFileSync(file, JSON.stringify(config));
  };

  it('is run, as the image says', () => {
    configure('whole', undefined);
    expect(call('run', '--bundle', bundle, 'whole')).toEqual({
      code: 5,
      stdout: 'uid=1000(ann) gid=1000(ann) groups=10(wheel)\n/tmp\numoci-default\n',
      stderr: '',
    });
  });

  it('is run in the terminal of the caller', async () => {
    configure('seated', ['sh', '-c', 'tty; echo ready; read x; echo "got $x"; exit 4'], true);
    const { code, shown } = await callInTerminal(words('run', '--bundle', bundle, 'seated'), {
      after: 'ready',
      line: 'word',
    });
    expect(shown).toContain('/dev/pts/0');
    expect(shown).toContain('got word');
    expect(code).toBe(4);
  });

  it('goes through the life of a container', async () => {
    configure('life', ['sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.1; done']);
    const stateOf = (): unknown => JSON.parse(call('state', 'life').stdout);
    expect(detach('run', '--detach', '--bundle', bundle, '--pid-file', join(directory, 'pid'), 'life').code).toBe(0);
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    expect(stateOf()).toMatchObject({ id: 'life', status: 'running', pid, bundle, rootfs: join(bundle, 'rootfs') });
    expect(call('exec', '--user', '0', 'life', 'sh', '-c', 'id -u; exit 9')).toMatchObject({ code: 9, stdout: '0\n' });
    expect(JSON.parse(call('ps', '--format', 'json', 'life').stdout)).toContain(pid);
    expect(call('pause', 'life').code).toBe(0);
    expect(stateOf()).toMatchObject({ status: 'paused' });
    expect(call('resume', 'life').code).toBe(0);
    expect(JSON.parse(call('list', '--format', 'json').stdout)).toMatchObject([{ id: 'life', status: 'running' }]);
    expect(call('delete', 'life').code).toBe(1);
    expect(call('kill', 'life', 'TERM').code).toBe(0);
    await expect.poll(stateOf, { timeout: 10_000 }).toMatchObject({ status: 'stopped', pid: 0 });
    expect(call('delete', 'life')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(call('state', 'life')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('container does not exist') as string,
    });
  });

  it('is created and started apart, and packed again with what it has written', () => {
    configure('apart', ['sh', '-c', 'echo made > made']);
    expect(detach('create', '--bundle', bundle, 'apart')).toMatchObject({ code: 0, stdout: '' });
    expect(JSON.parse(call('state', 'apart').stdout)).toMatchObject({ status: 'created' });
    expect(call('start', 'apart')).toEqual({ code: 0, stdout: '', stderr: '' });
    callOk(['sh', '-c', `until [ -s ${bundle}/rootfs/tmp/made ]; do sleep 0.05; done`]);
    expect(call('delete', '--force', 'apart').code).toBe(0);
    callOk(['umoci', 'repack', '--image', `${directory}/images:after`, bundle]);
    callOk(['umoci', 'unpack', '--image', `${directory}/images:after`, join(directory, 'after')]);
    expect(readFileSync(join(directory, 'after/rootfs/tmp/made'), 'utf8')).toBe('made\n');
  });
});
