import type { KillReport } from '../../cgroup/kill.js';
import type { Limits } from '../../cgroup/limits.js';
import type { Stats } from '../../cgroup/stats.js';
import type { ProcessResult } from '../../container/result.js';
import type { StopReport } from '../../container/stopping.js';
import type { ControllerList } from '../cgroups/controllers.js';
import type { CgroupList } from '../cgroups/list.js';
import type { CgroupKillReport, CgroupSignalReport } from '../cgroups/processes.js';
import type { TaskList } from '../cgroups/tasks.js';
import type { Values } from '../cgroups/values.js';
import type { SupervisedEvent } from '../events.js';
import type { SupervisedDetails } from '../face.js';
import type { ProcessInfo } from '../processes.js';
import type { RunEnd, SupervisedInfo } from '../types.js';
import type { ErrorBody } from './error-body.js';
import type { EncodedBytes, OutputPiece } from './output.js';

/** What the supervisor says of itself. */
export interface ServerInfo {
  /** Of corral. */
  readonly version: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Where the state of what runs is kept. */
  readonly stateDir: string;
  /** Where containers and their logs are kept until they are removed. */
  readonly dataDir: string;
  readonly containers: number;
}

/** Versions. */
export interface VersionAnswer {
  /** Of corral. */
  readonly version: string;
  /** Of this API. */
  readonly api: 'v1';
}

/** A container that was made. */
export interface CreatedContainer extends SupervisedInfo {
  /** What this host could not give in full, in words. */
  readonly notes: readonly string[];
}

/** A line of an answer that lasts as long as a lease: the first has the container, the last how it ended. */
export interface LeaseLine {
  readonly container?: CreatedContainer | SupervisedInfo;
  readonly end?: RunEnd;
}

/** Whether anything was to be done. */
export interface Changed {
  /** `false`: it was so already. */
  readonly changed: boolean;
}

/** A line of a log. */
export interface LogAnswer {
  /** When it was written, RFC 3339 with nanoseconds; absent of a raw log. */
  readonly time?: string;
  /** Absent of a raw log, which does not tell them apart. */
  readonly stream?: 'stdout' | 'stderr';
  /** A line without its newline; of a raw log, bytes as they came. Text, or what is no UTF-8 in base64. */
  readonly data: EncodedBytes;
  /** `true` where the line goes on in the next one. */
  readonly partial?: boolean;
}

/** The first line of an exec's answer. */
export interface ExecStarted {
  /** What its terminal is resized by, and it is signalled by. */
  readonly session: string;
  /** In the supervisor's pid namespace. */
  readonly pid: number;
  readonly terminal: boolean;
  /** What this container could not give in full, in words. */
  readonly notes: readonly string[];
}

/** A line of an exec's answer: how it was started, what it writes, and how it ended. */
export interface ExecLine extends OutputPiece {
  readonly exec?: ExecStarted;
  readonly exit?: ProcessResult;
}

/** A line of an attachment's answer. */
export interface AttachLine extends OutputPiece {
  readonly attached?: {
    /** What its terminal is resized by. */
    readonly session: string;
    readonly terminal: boolean;
    /** Its standard input is open. */
    readonly stdin: boolean;
  };
  /** There is nothing more to come. */
  readonly end?: true;
}

/** What the routes answer with, by the names that the documentation has. */
export interface Answers {
  readonly AttachLine: AttachLine;
  readonly CgroupKillReport: CgroupKillReport;
  readonly CgroupList: CgroupList;
  readonly CgroupSignalReport: CgroupSignalReport;
  readonly CgroupValues: Values;
  readonly Changed: Changed;
  readonly ControllerList: ControllerList;
  readonly CreatedContainer: CreatedContainer;
  readonly ErrorBody: ErrorBody;
  readonly ExecLine: ExecLine;
  readonly KillReport: KillReport;
  readonly LeaseLine: LeaseLine;
  readonly Limits: Limits;
  readonly LogAnswer: LogAnswer;
  readonly ProcessList: readonly ProcessInfo[];
  readonly RunEnd: RunEnd;
  readonly ServerInfo: ServerInfo;
  readonly Stats: Stats;
  readonly StopReport: StopReport;
  readonly SupervisedDetails: SupervisedDetails;
  readonly SupervisedEvent: SupervisedEvent;
  readonly SupervisedInfo: SupervisedInfo;
  readonly SupervisedList: readonly SupervisedInfo[];
  readonly TaskList: TaskList;
  readonly VersionAnswer: VersionAnswer;
}
