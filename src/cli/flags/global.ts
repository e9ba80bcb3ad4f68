import type { Flags } from './flag.js';
import { text } from './readers.js';

/** What stands above the flags that every verb has. */
export const EVERYWHERE = 'Everywhere:';

/** The flags that every verb has. */
export const GLOBAL_FLAGS = {
  stateDir: {
    flags: '--state-dir <DIR>',
    help: 'where containers are registered (default: $CORRAL_STATE_DIR, /run/corral or $XDG_RUNTIME_DIR/corral)',
    group: EVERYWHERE.slice(0, -1),
    read: text,
  },
} as const satisfies Flags;
