import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/corral.cjs', import.meta.url));

/** A lab's `corral`, for shells. */
export interface Shim {
  /** The directory that the program is in; the caller removes it. */
  readonly directory: string;
  /** The environment in which a shell finds it, and it the lab. */
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a program `corral` that keeps to a lab's state directory and cgroup. */
export function makeShim({
  stateDir,
  cgroupParent,
}: {
  readonly stateDir: string;
  readonly cgroupParent: string;
}): Shim {
  const directory = mkdtempSync(join(tmpdir(), 'corral-test-bin-'));
  const path = join(directory, 'corral');
  writeFileSync(
    path,
    `#!/bin/sh
case $1 in
  run | plan) verb=$1; shift; set -- "$verb" --cgroup-parent '${cgroupParent}' "$@" ;;
esac
exec '${process.execPath}' '${MAIN}' "$@"
`,
  );
  chmodSync(path, 0o755);
  return {
    directory,
    env: { PATH: `${directory}:${process.env['PATH'] ?? ''}`, CORRAL_STATE_DIR: stateDir },
  };
}
