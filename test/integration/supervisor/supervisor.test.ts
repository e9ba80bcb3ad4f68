import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import { Store } from '../../../src/container/store.js';
import type { LogLine } from '../../../src/supervisor/logs/types.js';
import { Records } from '../../../src/supervisor/record/records.js';
import { readSupervision, type SupervisionOptions } from '../../../src/supervisor/supervision-options.js';
import { Supervisor } from '../../../src/supervisor/supervisor.js';
import { SystemRunner } from '../../../src/supervisor/run/system-runner.js';
import type { SupervisedOptions } from '../../../src/supervisor/types.js';
import { makeLab, until } from '../../helpers/lab.js';

const lab = makeLab();
// It lasts from one supervisor to the next, and is there before the first test.
mkdirSync(join(lab.stateDir, 'data'), { mode: 0o700 });

async function makeSupervisor(): Promise<Supervisor> {
  const { stateDir } = lab;
  const records = new Records(join(stateDir, 'data'));
  const runner = new SystemRunner({ store: new Store(stateDir), records });
  const supervisor = new Supervisor({ containers: new Containers({ stateDir }), records, runner });
  await supervisor.recover();
  return supervisor;
}

function of(
  script: string,
  supervision: SupervisionOptions = {},
  container: SupervisedOptions['container'] = {},
): SupervisedOptions {
  return {
    command: ['sh', '-c', script],
    container: { name: 'web', cgroupParent: lab.cgroupParent, ...container },
    supervision: readSupervision(supervision),
  };
}

async function readAll(lines: AsyncIterable<LogLine>): Promise<string> {
  let text = '';
  for await (const line of lines)
    text += `${Buffer.from(line.data).toString()}${line.stream === undefined ? '' : '\n'}`;
  return text;
}

describe('a container of the supervisor', () => {
  it('runs, is logged, ends, and stays known until it is removed', async () => {
    const supervisor = await makeSupervisor();
    const made = await supervisor.create(of('echo out; echo err >&2; exit 3'));
    expect(made).toMatchObject({ id: 'web', restarts: 0 });
    expect(await supervisor.wait('web')).toMatchObject({ run: 1, exitCode: 3 });
    expect(await readAll(supervisor.logs('web'))).toBe('out\nerr\n');
    expect(await supervisor.list()).toMatchObject([{ id: 'web', status: 'exited', lastEnd: { exitCode: 3 } }]);
    await supervisor.remove('web');
    expect(await supervisor.list()).toEqual([]);
  });

  it('is logged in lines', async () => {
    const supervisor = await makeSupervisor();
    await supervisor.create(of('echo out; echo err >&2; printf half', { log: { driver: 'json' } }));
    await supervisor.wait('web');
    const lines: LogLine[] = [];
    for await (const line of supervisor.logs('web')) lines.push(line);
    const seen = lines.map(({ stream, data }) => `${String(stream)} ${Buffer.from(data).toString()}`).sort();
    expect(seen).toEqual(['stderr err', 'stdout half', 'stdout out']);
    await supervisor.remove('web');
  });

  it.each(['raw', 'json'] as const)('opens its own standard output anew, as its user: %s', async (driver) => {
    const supervisor = await makeSupervisor();
    await supervisor.create(of('echo a >> /dev/stdout; echo b >> /dev/stderr', { log: { driver } }, { user: '1000' }));
    expect(await supervisor.wait('web')).toMatchObject({ exitCode: 0 });
    expect((await readAll(supervisor.logs('web'))).split('\n').sort()).toEqual(['', 'a', 'b']);
    await supervisor.remove('web');
  });

  it('is gone on with by the next one, and so are its log and its policy', async () => {
    const first = await makeSupervisor();
    const script = 'n=0; while [ ! -e /stop ]; do echo "$n"; n=$((n+1)); sleep 0.01; done; exit 4';
    await first.create(of(script, { restart: 'always', log: { driver: 'json' } }, { isolation: 'cgroup' }));
    expect(await first.get('web')).toMatchObject({ status: 'running' });
    await first.remove('web', { force: true });
    expect(lab.containers.list()).toEqual([]);
  });

  it('is restarted', async () => {
    const supervisor = await makeSupervisor();
    await supervisor.create(of('echo run; exit 1', { restart: 'on-failure:2' }));
    expect(await supervisor.wait('web')).toMatchObject({ run: 3, exitCode: 1 });
    expect(await readAll(supervisor.logs('web'))).toBe('run\nrun\nrun\n');
    await supervisor.remove('web');
  });

  it('is typed to, and shows, by those who are attached', async () => {
    const supervisor = await makeSupervisor();
    await supervisor.create(of('read line; echo "got $line"; sleep 1000', { interactive: true }));
    using attachment = await supervisor.attach('web');
    const output = attachment.output[Symbol.asyncIterator]();
    attachment.stdin?.write('hello\n');
    const { value } = (await output.next()) as { value: { data: Uint8Array } };
    expect(Buffer.from(value.data).toString()).toContain('got hello');
    await supervisor.remove('web', { force: true });
  });

  it('leaves nothing when its first start fails', async () => {
    const supervisor = await makeSupervisor();
    await expect(supervisor.create({ ...of(''), command: ['/no/such/program'] })).rejects.toThrow('ENOENT');
    expect(await supervisor.list()).toEqual([]);
    await expect(supervisor.get('web')).rejects.toThrow('does not exist');
  });

  it('is paused, and goes on', async () => {
    const supervisor = await makeSupervisor();
    await supervisor.create(of('sleep 1000'));
    expect(await supervisor.pause('web')).toBe(true);
    expect(await supervisor.get('web')).toMatchObject({ status: 'paused' });
    expect(await supervisor.resume('web')).toBe(true);
    expect(await supervisor.get('web')).toMatchObject({ status: 'running' });
    expect(await supervisor.stop('web', { gracePeriod: 100 })).toMatchObject({ id: 'web', signalled: 1 });
    await until(() => lab.containers.list().length === 0, 'it is gone');
    expect(readFileSync(join(lab.stateDir, 'data/web/record'), 'utf8')).toContain('"desired":"down"');
    await supervisor.remove('web');
  });
});

describe('many containers of the supervisor', () => {
  it('are listed a few at a time: others are heard meanwhile, and what they remove is not listed any more', async () => {
    const supervisor = await makeSupervisor();
    const names = Array.from({ length: 60 }, (_, index) => `c-${String(index).padStart(2, '0')}`);
    for (const name of names) await supervisor.create(of('true', {}, { name }), { start: false });
    const listing = supervisor.list();
    const removing = supervisor.remove('c-59');
    expect((await listing).map(({ id }) => id)).toEqual(names.slice(0, -1));
    await removing;
    for (const { id } of await supervisor.list()) await supervisor.remove(id);
    expect(await supervisor.list()).toEqual([]);
  });
});

describe('the name of a container of the supervisor', () => {
  it('is taken, also while it does not run', async () => {
    const supervisor = await makeSupervisor();
    await supervisor.create(of('true'));
    await supervisor.wait('web');
    await expect(lab.spawn(['true'], { name: 'web' })).rejects.toThrow('container "web" already exists');
    await supervisor.remove('web');
    const container = await lab.spawn(['true'], { name: 'web' });
    expect(await container.exited).toMatchObject({ exitCode: 0 });
  });
});
