import { writeFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { ContainerError } from '../../errors/container-error.js';
import { defaultConfig } from '../default-config.js';
import type { Verb, VerbCall } from '../verb.js';

interface SpecFlags {
  readonly bundle?: string;
  readonly rootless?: true;
}

/** `corral-oci spec` */
export const spec: Verb = {
  operands: '',
  description: 'Writes a config.json to begin with.',
  configure: (command) =>
    command
      .option('-b, --bundle <DIR>', 'the directory to write it to (default: the working directory)')
      .option('--rootless', 'one for a caller without privileges'),
  act: ({ flags }: VerbCall<SpecFlags>) => {
    const path = join(flags.bundle ?? '.', 'config.json');
    const ids = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const config = defaultConfig(flags.rootless === true ? ids : undefined);
    try {
      writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`, { flag: 'wx', mode: 0o644 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new ContainerError(`write ${path}: it exists, and is not overwritten`, 'EEXIST', { cause: error });
    }
    return 0;
  },
};
