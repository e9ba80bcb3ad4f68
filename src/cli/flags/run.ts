import type { ContainerOptions } from '../../spec/options.js';
import type { FileFlags } from '../launch-options.js';
import { CONTAINER_FLAGS, FILE_FLAGS } from './container.js';
import { DETACH_FLAGS, type DetachOptions } from './detach.js';
import type { Flag } from './flag.js';
import { FOREGROUND_FLAGS, type ForegroundOptions } from './foreground.js';
import { text } from './readers.js';

/** What `corral run` takes. */
export interface RunFlags extends ContainerOptions, ForegroundOptions, FileFlags, DetachOptions {
  readonly cidfile?: string;
}

/** The flags of {@link RunFlags}. */
export const RUN_FLAGS = {
  file: FILE_FLAGS.file,
  ...CONTAINER_FLAGS,
  labelFile: FILE_FLAGS.labelFile,
  envFile: FILE_FLAGS.envFile,
  cidfile: {
    flags: '--cidfile <FILE>',
    help: 'write its name to this file, which must be a new one',
    group: 'Container',
    read: text,
  },
  ...FOREGROUND_FLAGS,
  ...DETACH_FLAGS,
} as const satisfies Record<keyof RunFlags, Flag>;
