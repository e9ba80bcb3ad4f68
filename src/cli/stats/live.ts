import { formatDuration } from '../../util/duration.js';
import { fitScreen, type LiveView } from '../live.js';
import type { Size } from '../screen.js';
import { type Paint, painter } from '../style.js';
import { formatTable } from '../table.js';
import { COLUMNS } from './columns.js';
import { type Source, type Use, compareSamples } from './sample.js';

/** What containers use, as a view that is looked at again and again. */
export async function liveStats({ look, isOver, intervalMs }: Source): Promise<LiveView> {
  const paint = painter(1);
  let before = await look();
  let uses = compareSamples(before, undefined);
  return {
    intervalMs,
    refresh: async () => {
      const now = await look();
      uses = compareSamples(now, before);
      before = now;
      return !isOver(now);
    },
    render: (size) => formatScreen(uses, size, { intervalMs, paint }),
  };
}

/** How a screen of figures looks. */
interface Look {
  readonly intervalMs: number;
  readonly paint: Paint;
}

/** Returns the lines of a screen: the table, cut where it is too long, and what ends it. */
export async function formatScreen(uses: readonly Use[], size: Size, { intervalMs, paint }: Look): Promise<string[]> {
  const footer = `${countContainers(uses.length)}, every ${formatDuration(intervalMs)}; q ends it`;
  const table = await formatTable(uses, COLUMNS, { width: size.columns, paint });
  return fitScreen(table, footer, size, (text) => paint('dim', text));
}

/** `1 container`, `no containers` */
export function countContainers(count: number): string {
  return count === 1 ? '1 container' : `${count === 0 ? 'no' : String(count)} containers`;
}
