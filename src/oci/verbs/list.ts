import { printOut } from '../../cli/print.js';
import { readEngineState } from '../../container/engine/status.js';
import { describe } from '../describe.js';
import { formatFlag } from '../flag-words.js';
import { formatTable } from '../table.js';
import type { Verb, VerbCall } from '../verb.js';

interface ListFlags {
  readonly format: string;
  readonly quiet?: true;
}

/** `corral-oci list` */
export const list: Verb = {
  operands: '',
  description: 'Lists the containers of this root.',
  configure: (command) => command.addOption(formatFlag()).option('-q, --quiet', 'ids only'),
  act: ({ flags, globals: { store } }: VerbCall<ListFlags>) => {
    const all = store.list().map((state) => describe(state, readEngineState(store, state)));
    printOut(
      flags.quiet === true
        ? all.map(({ id }) => `${id}\n`).join('')
        : flags.format === 'json'
          ? `${JSON.stringify(all)}\n`
          : formatTable(
              ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'],
              all.map(({ id, pid, status, bundle, created, owner }) => [
                id,
                String(pid),
                status,
                bundle,
                created,
                owner,
              ]),
            ),
    );
    return 0;
  },
};
