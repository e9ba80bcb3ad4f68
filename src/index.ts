/**
 * corral: commands in containers on Linux, each in a cgroup of its own, killed as a whole.
 *
 * @packageDocumentation
 */

export type { Container } from './container/container.js';
export { type ContainerDetails, Containers, type Pruned } from './container/containers.js';
export type { CopyDestination, CopyOptions, CopyReport, CopySource } from './container/copy/copy.js';
export type { EndingOptions, StopOptions } from './container/ending.js';
export type {
  ContainerEvent,
  CreatedEvent,
  ExitedEvent,
  FreezeEvent,
  KilledEvent,
  OomEvent,
  PopulatedEvent,
  StartedEvent,
  UpdatedEvent,
} from './container/events/types.js';
export type { ContainerEvents, EventOptions } from './container/events/watch.js';
export type { ExecOptions, ExecProcess } from './container/exec.js';
export type { PipeOptions, Pipes } from './container/pipes.js';
export type { ContainerResult, ProcessResult } from './container/result.js';
export type { ContainerInfo, Status } from './container/info.js';
export type { ExecInfo } from './container/execs.js';
export type { CgroupInfo, ContainerInternals, NamespaceInfo } from './container/inspect.js';
export { run, type RunOptions, type RunResult } from './container/run.js';
export { spawn, type SpawnOptions } from './container/spawn.js';
export type { StopReport } from './container/stopping.js';
export type { FileStream, StreamOption, StreamOptions } from './container/streams.js';
export type { ContainerTree } from './container/tree.js';
export type { Terminal } from './container/terminal.js';
export type { EndReport, WaitOptions } from './container/wait.js';

export { connect } from './supervisor/connect.js';
export type { CreatedContainer, ServerInfo } from './supervisor/api/answers.js';
export type { Attachment } from './supervisor/attachment.js';
export type { Client } from './supervisor/client/client.js';
export type { ConnectOptions } from './supervisor/client/find-socket.js';
export type { AdoptedEvent, HealthEvent, RemovedEvent, RestartingEvent, SupervisedEvent } from './supervisor/events.js';
export type { SupervisedExec, TerminalStream } from './supervisor/exec.js';
export type { SupervisedDetails, SupervisorFace } from './supervisor/face.js';
export type { LogLine, LogQuery } from './supervisor/logs/types.js';
export type { ProcessInfo } from './supervisor/processes.js';
export type {
  Health,
  HealthCheck,
  LogPolicy,
  RestartPolicy,
  RunEnd,
  SupervisedInfo,
  SupervisedOptions,
  SupervisedStatus,
  Supervision,
} from './supervisor/types.js';

export type { KillReport } from './cgroup/kill.js';
export type { Rung } from './cgroup/kill-tree.js';
export type { Limits } from './cgroup/limits.js';
export type { Pressure } from './cgroup/parse.js';
export type { SignalReport } from './cgroup/signal.js';
export type { Stats } from './cgroup/stats.js';
export type { Pressures, Usage } from './cgroup/usage.js';
export type { IoLimit, IoStat } from './cgroup/v2/io.js';
export type {
  ContainerOptions,
  LimitOptions,
  NamespaceMode,
  ProcessOptions,
  TerminalSize,
  UpdateOptions,
  Volume,
} from './spec/options.js';
export type { IdMapping, NamespaceType, Spec, SpecNamespaceType } from './spec/types.js';

export { ConnectionError, ForbiddenError } from './errors/api-error.js';
export { CgroupError, CgroupRefusedError } from './errors/cgroup-error.js';
export { ContainerError, type ContainerErrorDetails, isContainerError } from './errors/container-error.js';
export { LaunchError, LaunchKilledError } from './errors/launch-error.js';
export { OptionError } from './errors/option-error.js';
export { AlreadyExistsError, NotFoundError, StateError } from './errors/state-errors.js';
export { SyscallError } from './errors/syscall-error.js';
export { UnsupportedError } from './errors/unsupported-error.js';

export * as lowlevel from './native/public.js';
