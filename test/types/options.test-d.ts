import type { Duplex, Readable, Writable } from 'node:stream';
import {
  type Container,
  type ContainerOptions,
  Containers,
  type ExecOptions,
  type ExecProcess,
  type KillReport,
  type RunOptions,
  type SpawnOptions,
  type StreamOption,
  type Terminal,
  type TerminalSize,
  type Volume,
  run,
  spawn,
} from 'corral';
import { describe, expectTypeOf, test } from 'vitest';

describe('a command', () => {
  test('is a list of words, which nobody splits', () => {
    expectTypeOf(run).parameter(0).toEqualTypeOf<readonly string[]>();
    expectTypeOf(spawn).parameter(0).toEqualTypeOf<readonly string[]>();
    // @ts-expect-error -- a string would have to be split the way a shell does
    void run('echo hello');
    // @ts-expect-error -- there is nothing to run
    void spawn();
  });

  test('may be a constant', () => {
    const command = ['echo', 'hello'] as const;
    expectTypeOf(run(command)).resolves.toHaveProperty('exitCode');
  });
});

describe('the options', () => {
  test('are optional, all of them', () => {
    expectTypeOf<RunOptions>().toEqualTypeOf<Partial<RunOptions>>();
    expectTypeOf<SpawnOptions>().toEqualTypeOf<Partial<SpawnOptions>>();
    expectTypeOf<ExecOptions>().toEqualTypeOf<Partial<ExecOptions>>();
  });

  test('take sizes as bytes or with a unit', () => {
    expectTypeOf<RunOptions['memory']>().toEqualTypeOf<number | string | undefined>();
    expectTypeOf<RunOptions['cpus']>().toEqualTypeOf<number | string | undefined>();
    expectTypeOf<RunOptions['pids']>().toEqualTypeOf<number | undefined>();
    // @ts-expect-error -- whether there is a limit is not how much it is
    void run(['true'], { memory: true });
  });

  test('take modes by name', () => {
    expectTypeOf<ContainerOptions['net']>().toEqualTypeOf<'private' | 'none' | 'host' | undefined>();
    expectTypeOf<ContainerOptions['isolation']>().toEqualTypeOf<'full' | 'cgroup' | undefined>();
    expectTypeOf<ContainerOptions['pid']>().toEqualTypeOf<'private' | 'host' | undefined>();
    // @ts-expect-error -- there is no such network
    void run(['true'], { net: 'bridge' });
  });

  test('know no other names', () => {
    // @ts-expect-error -- the flag is --pids-limit, the option is pids
    void run(['true'], { pidsLimit: 64 });
    // @ts-expect-error -- a misspelt limit would be no limit
    void spawn(['true'], { memmory: '64M' });
  });

  test('take volumes as text or in parts', () => {
    expectTypeOf<string>().toExtend<NonNullable<ContainerOptions['volumes']>[number]>();
    expectTypeOf<{ source: string; target: string }>().toExtend<Volume>();
    expectTypeOf<{ source: string; target: string; readOnly: boolean }>().toExtend<Volume>();
    // @ts-expect-error -- where to?
    void run(['true'], { volumes: [{ source: '/srv' }] });
  });

  test('pass a variable of the caller on as undefined', () => {
    expectTypeOf<{ HOME: string; LANG: undefined }>().toExtend<NonNullable<RunOptions['env']>>();
    expectTypeOf<NodeJS.ProcessEnv>().toExtend<NonNullable<RunOptions['env']>>();
  });

  test('can be kept in a constant and shared', () => {
    const limits = { memory: '64M', pids: 32, ulimits: ['nofile=64'] } as const;
    void run(['true'], limits);
    void spawn(['true'], { ...limits, net: 'host' });
    expectTypeOf(limits).toExtend<ContainerOptions>();
  });
});

describe('standard streams', () => {
  test('of a container can be piped, passed on, dropped, or files', () => {
    expectTypeOf<SpawnOptions['stdin']>().toEqualTypeOf<StreamOption | undefined>();
    expectTypeOf<'pipe' | 'inherit' | 'ignore' | 3>().toExtend<StreamOption>();
    expectTypeOf<{ file: string; append: true }>().toExtend<StreamOption>();
    // @ts-expect-error -- overlapped is a word of Windows
    void spawn(['true'], { stdout: 'overlapped' });
  });

  test('of run: the input is given, not connected', () => {
    expectTypeOf<RunOptions['input']>().toEqualTypeOf<string | Uint8Array | undefined>();
    // @ts-expect-error -- run reads the output to its end, so nobody could write at the right time
    void run(['cat'], { stdin: 'pipe' });
    // @ts-expect-error -- who spawns has a stream to write to
    void spawn(['cat'], { input: 'text' });
  });

  test('are there where they are pipes, and null where they are not', async () => {
    const plain = await spawn(['cat']);
    expectTypeOf(plain.stdin).toBeNull();
    expectTypeOf(plain.stdout).toEqualTypeOf<Readable>();
    expectTypeOf(plain.stderr).toEqualTypeOf<Readable>();
    const chosen = await spawn(['cat'], {
      memory: '64M',
      stdin: 'pipe',
      stdout: { file: '/tmp/out' },
      stderr: 'inherit',
    });
    expectTypeOf(chosen.stdin).toEqualTypeOf<Writable>();
    expectTypeOf(chosen.stdout).toBeNull();
    expectTypeOf(chosen.stderr).toBeNull();
  });

  test('of a further command are typed likewise', async () => {
    const box = await spawn(['sleep', '1']);
    expectTypeOf(await box.exec(['true'])).toExtend<{ stdin: null; stdout: Readable }>();
    expectTypeOf(await box.exec(['cat'], { stdin: 'pipe', stdout: 'ignore' })).toExtend<{
      stdin: Writable;
      stdout: null;
    }>();
    expectTypeOf(await new Containers().exec('web', ['cat'], { stdin: 'pipe' })).toExtend<{ stdin: Writable }>();
  });

  test('make room for a terminal, in place of all three', async () => {
    const plain = await spawn(['cat'], { memory: '64M' });
    expectTypeOf(plain.terminal).toBeNull();
    const box = await spawn(['sh'], { terminal: true });
    expectTypeOf(box.terminal).toEqualTypeOf<Terminal>();
    expectTypeOf(box.stdout).toBeNull();
    const { terminal } = await box.exec(['sh'], { terminal: { columns: 100, rows: 30 } });
    expectTypeOf(terminal).toEqualTypeOf<Terminal>();
    expectTypeOf(terminal).toExtend<Duplex>();
    terminal.resize({ columns: 80, rows: 24 });
    // @ts-expect-error -- a terminal has both
    terminal.resize({ columns: 80 });
    expectTypeOf<SpawnOptions['terminal']>().toEqualTypeOf<boolean | TerminalSize | undefined>();
    expectTypeOf((await new Containers().exec('web', ['sh'], { terminal: false })).terminal).toBeNull();
    const perhaps = await spawn(['sh'], { terminal: Math.random() < 0.5 });
    expectTypeOf(perhaps.terminal).toEqualTypeOf<Terminal | null>();
    expectTypeOf(perhaps.stdout).toEqualTypeOf<Readable | null>();
  });

  test('may be either where the options are not known', async () => {
    const start = async (options: SpawnOptions) => spawn(['cat'], options);
    expectTypeOf((await start({})).stdin).toEqualTypeOf<Writable | null>();
    expectTypeOf((await start({})).stdout).toEqualTypeOf<Readable | null>();
    const chosen = await spawn(['cat'], { stdout: Math.random() < 0.5 ? 'pipe' : 'inherit' });
    expectTypeOf(chosen.stdout).toEqualTypeOf<Readable | null>();
    expectTypeOf((await start({})).terminal).toEqualTypeOf<Terminal | null>();
    expectTypeOf<Container['stdin']>().toEqualTypeOf<Writable | null>();
    expectTypeOf<ExecProcess['stderr']>().toEqualTypeOf<Readable | null>();
  });
});

describe('a container', () => {
  test('comes from spawn, and from nowhere else', () => {
    expectTypeOf(spawn).returns.resolves.toExtend<Container>();
    // @ts-expect-error -- a type, not a value: there is nothing to construct
    expectTypeOf(new Container()).toBeNever();
  });

  test('is disposed of at the end of a scope', () => {
    expectTypeOf<Container>().toExtend<AsyncDisposable>();
    expectTypeOf<ExecProcess>().toExtend<AsyncDisposable>();
  });

  test('runs further commands, which cannot have limits of their own', () => {
    expectTypeOf<Container['exec']>().returns.resolves.toExtend<ExecProcess>();
    expectTypeOf<ExecOptions>().not.toHaveProperty('memory');
    expectTypeOf<ExecOptions>().not.toHaveProperty('volumes');
    expectTypeOf<ExecOptions>().toHaveProperty('cwd');
  });

  test('cannot be changed by assignment', () => {
    const change = (box: Container): void => {
      // @ts-expect-error -- it is what it is
      box.pid = 1;
    };
    expectTypeOf(change).toBeFunction();
  });
});

test('containers of others can be listed, killed and entered', () => {
  const containers = new Containers({ stateDir: '/run/corral' });
  expectTypeOf(new Containers()).toEqualTypeOf<Containers>();
  expectTypeOf(containers.list()[0]!.status).toEqualTypeOf<
    'creating' | 'running' | 'paused' | 'stopped' | 'abandoned'
  >();
  expectTypeOf(containers.kill('web', { dryRun: true })).resolves.toEqualTypeOf<KillReport>();
  expectTypeOf(containers.exec('web', ['true'])).resolves.toExtend<ExecProcess>();
});
