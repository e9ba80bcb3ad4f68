import { type Command, InvalidArgumentError } from 'commander';
import { watchEngineContainer } from '../../container/engine/watch.js';
import { figuresOf } from '../../container/figures.js';
import { formatEvent, formatStatsEvent } from '../runc-stats.js';
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
      .option('--interval <TIME>', 'how often: 5s, 500ms, 1m', interval, 5000);
  },
  act: async ({ operands: [id = ''], flags, globals: { store } }: VerbCall<EventsFlags>) => {
    const show = (): void => {
      process.stdout.write(`${formatStatsEvent(id, figuresOf(store.get(id)))}\n`);
    };
    show();
    if (flags.stats === true) return 0;
    const timer = setInterval(show, flags.interval);
    try {
      await watchEngineContainer(store, id, {
        onOom: () => process.stdout.write(`${formatEvent('oom', id)}\n`),
      });
    } finally {
      clearInterval(timer);
    }
    return 0;
  },
};

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function interval(value: string): number {
  const [, number, unit = ''] = /^(\d{1,6})(ms|s|m|h)$/.exec(value) ?? [];
  const milliseconds = Number(number) * (UNITS[unit] ?? NaN);
  if (milliseconds > 0) return milliseconds;
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not a time such as 5s.`);
}
