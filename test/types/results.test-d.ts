import {
  type CgroupInfo,
  type Container,
  type ContainerDetails,
  type ContainerEvent,
  type ContainerInfo,
  type ContainerResult,
  Containers,
  type EndReport,
  type ExecProcess,
  type KillReport,
  type Limits,
  type NamespaceInfo,
  type NamespaceType,
  type ProcessResult,
  type Pruned,
  type RunResult,
  type SignalReport,
  type Spec,
  type Stats,
  type StopReport,
  type Usage,
  lowlevel,
  run,
} from 'corral';
import { describe, expectTypeOf, test } from 'vitest';

describe('how a command ended', () => {
  test('is an exit code or a signal', () => {
    expectTypeOf(run(['true'])).resolves.toEqualTypeOf<RunResult>();
    expectTypeOf<RunResult['exitCode']>().toEqualTypeOf<number | null>();
    expectTypeOf<RunResult['signal']>().toEqualTypeOf<string | null>();
    expectTypeOf<RunResult['oomKilled']>().toEqualTypeOf<boolean>();
    expectTypeOf<RunResult['timedOut']>().toEqualTypeOf<boolean>();
    expectTypeOf<RunResult['aborted']>().toEqualTypeOf<boolean>();
  });

  test('brings its output as text from run, and as streams from spawn', () => {
    expectTypeOf<RunResult['stdout']>().toEqualTypeOf<string>();
    expectTypeOf<RunResult['outputTruncated']>().toEqualTypeOf<boolean>();
    expectTypeOf<ContainerResult>().not.toHaveProperty('stdout');
    expectTypeOf<Container['exited']>().resolves.toEqualTypeOf<ContainerResult>();
  });

  test('of a further command has no limits to report on', () => {
    expectTypeOf<ExecProcess['exited']>().resolves.toEqualTypeOf<ProcessResult>();
    expectTypeOf<ProcessResult>().not.toHaveProperty('oomKilled');
    expectTypeOf<RunResult>().toExtend<ContainerResult>();
    expectTypeOf<ContainerResult>().toExtend<ProcessResult>();
  });

  test('is not to be written to', () => {
    const result = {} as RunResult;
    // @ts-expect-error -- a result is what happened
    result.exitCode = 0;
  });
});

describe('figures', () => {
  test('that a host cannot tell are absent', () => {
    expectTypeOf<Usage['cpuMs']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Usage['memoryPeakBytes']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<NonNullable<Usage['io']>['readBytes']>().toEqualTypeOf<number>();
    expectTypeOf<RunResult['usage']>().toEqualTypeOf<Usage>();
  });

  test('of this moment always have the number of processes', () => {
    expectTypeOf<Container['stats']>().returns.resolves.toEqualTypeOf<Stats>();
    expectTypeOf<Stats['processes']>().toEqualTypeOf<number>();
    expectTypeOf<Stats>().toExtend<Usage>();
  });

  test('of a kill say how', () => {
    expectTypeOf<Container['kill']>().returns.resolves.toEqualTypeOf<KillReport>();
    expectTypeOf<KillReport['rung']>().toEqualTypeOf<
      'cgroup.kill' | 'freeze' | 'freezer' | 'list' | 'pid-namespace' | 'children' | 'none'
    >();
    expectTypeOf<KillReport['pids']>().toEqualTypeOf<readonly number[] | undefined>();
  });
});

describe('the low-level calls', () => {
  test('take the names of the kernel', () => {
    expectTypeOf<'CLONE_NEWPID'>().toExtend<lowlevel.CloneFlag>();
    expectTypeOf<'CLONE_NEWNOTHING'>().not.toExtend<lowlevel.CloneFlag>();
    expectTypeOf(lowlevel.CLONE.CLONE_NEWPID).toEqualTypeOf<0x20000000>();
    expectTypeOf(lowlevel.unshare).toEqualTypeOf<(flags: readonly lowlevel.CloneFlag[]) => void>();
  });

  test('hand out a pidfd that closes itself', () => {
    expectTypeOf(lowlevel.clone3).returns.resolves.toHaveProperty('pidfd').toEqualTypeOf<lowlevel.Pidfd>();
    expectTypeOf<lowlevel.Pidfd>().toExtend<Disposable>();
    // @ts-expect-error -- it is opened or adopted
    new lowlevel.Pidfd(3);
  });
});

describe('the containers of others', () => {
  test('end with what is known of it', () => {
    expectTypeOf<Containers['wait']>().returns.resolves.toEqualTypeOf<EndReport>();
    expectTypeOf<EndReport['id']>().toEqualTypeOf<string>();
    expectTypeOf<EndReport['exitCode']>().toEqualTypeOf<number | null | undefined>();
    expectTypeOf<ContainerResult & { id: string }>().toExtend<EndReport>();
  });

  test('are described in full, in types that have names', () => {
    expectTypeOf<Containers['inspect']>().returns.toEqualTypeOf<ContainerDetails>();
    expectTypeOf<ContainerDetails>().toExtend<ContainerInfo>();
    expectTypeOf<ContainerDetails['limits']>().toEqualTypeOf<Limits>();
    expectTypeOf<ContainerDetails['cgroup']['v1'][number]>().toEqualTypeOf<CgroupInfo>();
    expectTypeOf<ContainerDetails['namespaces'][NamespaceType]>().toEqualTypeOf<NamespaceInfo | undefined>();
    expectTypeOf<ContainerDetails['spec']>().toEqualTypeOf<Spec>();
  });

  test('are held, and cleared away', () => {
    expectTypeOf<Containers['pause']>().returns.resolves.toEqualTypeOf<boolean>();
    expectTypeOf<Containers['resume']>().returns.resolves.toEqualTypeOf<boolean>();
    expectTypeOf<Containers['prune']>().returns.resolves.toEqualTypeOf<readonly Pruned[]>();
  });
});

describe('what becomes of containers', () => {
  test('is a union of events by type', async () => {
    for await (const event of new Containers().events({ names: ['web'] })) {
      expectTypeOf(event).toEqualTypeOf<ContainerEvent>();
      if (event.type === 'oom') expectTypeOf(event.oomKills).toEqualTypeOf<number>();
      if (event.type === 'updated') expectTypeOf(event.limits).toEqualTypeOf<Limits>();
      if (event.type === 'exited') expectTypeOf(event.exitCode).toEqualTypeOf<number | null | undefined>();
      // @ts-expect-error -- only an end has an exit code
      if (event.type === 'frozen') console.log(event.exitCode);
    }
  });

  test('and what a signal, a stop and a change of limits have done', () => {
    expectTypeOf<Container['signalAll']>().returns.resolves.toEqualTypeOf<SignalReport>();
    expectTypeOf<Containers['stop']>().returns.resolves.toEqualTypeOf<StopReport>();
    expectTypeOf<Containers['update']>().returns.resolves.toEqualTypeOf<Limits>();
    expectTypeOf<Parameters<Containers['update']>[1]['pids']>().toEqualTypeOf<number | 'max' | undefined>();
  });
});
