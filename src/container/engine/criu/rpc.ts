import { type Field, type Message, decodeMessage, encodeMessage } from './wire.js';

/** What criu is asked to do, and what it says about it. @see criu, images/rpc.proto "criu_req_type" */
export const CRIU_TYPES = { dump: 1, restore: 2, check: 3, preDump: 4, notify: 6, featureCheck: 9 } as const;

export type CriuType = keyof typeof CRIU_TYPES;

/** What criu does about cgroups. @see criu(8) "--manage-cgroups" */
export const CGROUP_MODES = { ignore: 0, soft: 3, full: 4, strict: 5 } as const;

export type CgroupMode = keyof typeof CGROUP_MODES;

/** Numbers of the fields of `criu_opts`. */
const FIELDS = {
  imagesDirFd: 1,
  pid: 2,
  leaveRunning: 3,
  extUnixSk: 4,
  tcpEstablished: 5,
  evasiveDevices: 6,
  shellJob: 7,
  fileLocks: 8,
  logLevel: 9,
  logFile: 10,
  pageServer: 11,
  notifyScripts: 12,
  root: 13,
  parentImg: 14,
  trackMem: 15,
  autoDedup: 16,
  workDirFd: 17,
  linkRemap: 18,
  manageCgroups: 24,
  cgroupRoots: 25,
  rstSibling: 26,
  inheritFds: 27,
  manageCgroupsMode: 34,
  external: 37,
  emptyNs: 38,
  joinNamespaces: 39,
  freezeCgroup: 44,
  tcpSkipInFlight: 46,
  lazyPages: 48,
  statusFd: 49,
  orphanPtsMaster: 50,
  configFile: 51,
  lsmProfile: 53,
  lsmMountContext: 63,
} as const;

type Name = keyof typeof FIELDS;
type Plain = number | boolean | string;

/** What criu is told besides. Descriptors are those of the process that asks. @see criu, images/rpc.proto "criu_opts" */
export type CriuOptions = Readonly<Partial<Record<Exclude<Name, Nested>, Plain | undefined>>> & {
  readonly pageServer?: { readonly address: string; readonly port: number } | undefined;
  /** By controller: the cgroup that takes the place of the one that was dumped. */
  readonly cgroupRoots?: readonly { readonly controller: string; readonly path: string }[];
  /** Descriptors of criu's own that take the place of what was outside. */
  readonly inheritFds?: readonly { readonly key: string; readonly fd: number }[];
  /** `mnt[KEY]:VALUE` and so on. */
  readonly external?: readonly string[];
  readonly joinNamespaces?: readonly { readonly type: string; readonly path: string }[];
};

type Nested = 'pageServer' | 'cgroupRoots' | 'inheritFds' | 'external' | 'joinNamespaces';

/** Writes a request. */
export function encodeRequest(type: CriuType, options: CriuOptions = {}): Uint8Array {
  const fields = Object.entries(options).flatMap(([name, value]) => encodeOption(name as Name, value));
  return encodeMessage([
    [1, CRIU_TYPES[type]],
    [2, encodeMessage(fields)],
  ]);
}

/** Writes the question for features. @see criu, images/rpc.proto "criu_features" */
export function encodeFeatureCheck(features: {
  readonly memTrack?: boolean;
  readonly lazyPages?: boolean;
}): Uint8Array {
  const { memTrack, lazyPages } = features;
  const asked: readonly Field[] = [
    ...(memTrack === true ? [[1, true] as const] : []),
    ...(lazyPages === true ? [[2, true] as const] : []),
  ];
  return encodeMessage([
    [1, CRIU_TYPES.featureCheck],
    [5, encodeMessage(asked)],
  ]);
}

/** Writes what criu waits for after each notification. */
export function encodeNotified(success: boolean): Uint8Array {
  return encodeMessage([
    [1, CRIU_TYPES.notify],
    [3, success],
  ]);
}

function encodeOption(name: Name, value: CriuOptions[Name]): readonly Field[] {
  if (value === undefined || value === false) return [];
  const number = FIELDS[name];
  if (!Array.isArray(value) && typeof value !== 'object') return [[number, value]];
  const all = (Array.isArray(value) ? value : [value]) as readonly (string | Readonly<Record<string, Plain>>)[];
  return all.map((one) => [number, typeof one === 'string' ? one : encodeMessage(listFields(one))]);
}

// The messages within have their fields in the order of their numbers, and so have the objects here.
function listFields(one: Readonly<Record<string, Plain>>): readonly Field[] {
  return Object.values(one).map((value, index) => [index + 1, value]);
}

/** What criu says. */
export interface CriuResponse {
  /** One of {@link CRIU_TYPES}. */
  readonly type: number;
  readonly success: boolean;
  /** Of a restored process, in criu's pid namespace, which is the caller's. */
  readonly pid: number | undefined;
  readonly notification: { readonly script: string; readonly pid: number | undefined } | undefined;
  readonly errno: number;
  readonly error: string;
  readonly features: { readonly memTrack: boolean; readonly lazyPages: boolean };
}

/** Reads a response. @throws ContainerError for what is none */
export function decodeResponse(bytes: Uint8Array): CriuResponse {
  const message = decodeMessage(bytes);
  const restored = nested(message, 4);
  const notified = nested(message, 5);
  const features = nested(message, 8);
  return {
    type: numberOf(message, 1) ?? 0,
    success: numberOf(message, 2) === 1,
    pid: restored && numberOf(restored, 1),
    notification: notified && { script: textOf(notified, 1), pid: numberOf(notified, 2) },
    errno: numberOf(message, 7) ?? 0,
    error: textOf(message, 9),
    features: {
      memTrack: features !== undefined && numberOf(features, 1) === 1,
      lazyPages: features !== undefined && numberOf(features, 2) === 1,
    },
  };
}

function nested(message: Message, number: number): Message | undefined {
  const [bytes] = message.get(number) ?? [];
  return bytes instanceof Uint8Array ? decodeMessage(bytes) : undefined;
}

function numberOf(message: Message, number: number): number | undefined {
  const [value] = message.get(number) ?? [];
  return typeof value === 'number' ? value : undefined;
}

function textOf(message: Message, number: number): string {
  const [value] = message.get(number) ?? [];
  return value instanceof Uint8Array ? Buffer.from(value).toString() : '';
}
