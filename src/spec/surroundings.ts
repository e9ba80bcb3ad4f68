import type { DeviceLookup } from './parse/limits.js';
import type { ResolvedUser } from './parse/user.js';

/** What the options are read against: the caller's own surroundings. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ids: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  /** Finds a user in the root filesystem's user database. */
  readonly user: (text: string, groups: readonly string[]) => ResolvedUser;
  readonly device: DeviceLookup;
  /** The files and directories that corral itself consists of: what a nested one needs to run. */
  readonly program: readonly string[];
  /** The directory in which the supervisor's socket is. */
  readonly apiDirectory: string;
  /** Reads a file of JSON. */
  readonly readJson: (path: string) => unknown;
  /** The processor, by Node's name, and the kernel's version. */
  readonly machine: () => { readonly cpu: string; readonly kernel: readonly [major: number, minor: number] };
  /** Makes a host path absolute and plain, against the caller's working directory. */
  readonly resolve: (path: string) => string;
}
