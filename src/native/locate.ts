import { join } from 'node:path';

/** The package's own directory: two above src/native, dist/lib and dist/cli. */
export const PACKAGE_ROOT = join(import.meta.dirname, '../../');

/** The files of the native part. They lie in one directory, and belong together. */
export const NATIVE_FILES = { addon: 'corral.node', init: 'corral-init' } as const;

/** What a native part is built for. */
export interface NativeTarget {
  /** As `process.platform`. */
  readonly platform: string;
  /** As `process.arch`. */
  readonly arch: string;
}

/**
 * Lists the directories that may hold the native part, the one to try first at the front: what was built in place (by a
 * developer, or at install time where no prebuilt one fits), then what the package brought along. A build for glibc does
 * not load into a Node that runs on musl, so which of the two it is need not be found out.
 */
export function listNativeDirectories(target: NativeTarget, root: string = PACKAGE_ROOT): readonly string[] {
  const prebuilt = `${root}prebuilds/${target.platform}-${target.arch}`;
  return [`${root}build/Release`, prebuilt, `${prebuilt}-musl`];
}
