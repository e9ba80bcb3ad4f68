import type { Command } from 'commander';
import { printOut } from '../../cli/print.js';
import { watchEngineContainer } from '../../container/engine/watch.js';
import { figuresOf } from '../../container/figures.js';
import { formatEvent, formatStatsEvent } from '../runc-stats.js';
import { parseGoTime } from '../times.js';
import type { Verb, VerbCall } from '../verb.js';

interface EventsFlags {
  readonly stats?: true;
  /** Milliseconds. */
  readonly interval: number;
}

/** `corral-oci events` */
export const events: Verb = {
  operands: '<container-id>',
  description: 'Prints what a container uses, and when it has run out of memory, as JSON lines, until it has ended.',
  configure: (command: Command) => {
    command
      .option('--stats', 'what it uses now, and no more')
      .option('--interval <TIME>', 'how often: 5s, 500ms, 1m', parseGoTime, 5000);
  },
  act: async ({ operands: [id = ''], flags, globals: { store } }: VerbCall<EventsFlags>) => {
    const show = (): void => {
      printOut(`${formatStatsEvent(id, figuresOf(store.get(id)))}\n`);
    };
    show();
    if (flags.stats === true) return 0;
    const timer = setInterval(show, flags.interval);
    try {
      await watchEngineContainer(store, id, {
        onOom: () => printOut(`${formatEvent('oom', id)}\n`),
      });
    } finally {
      clearInterval(timer);
    }
    return 0;
  },
};
