import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from '../../util/duration.js';
import { Screen, type Size } from '../screen.js';
import { type Paint, painter } from '../style.js';
import { formatTable } from '../table.js';
import { COLUMNS } from './columns.js';
import { type Source, type Use, compareSamples } from './sample.js';

/** The first rates need not wait for long. */
const FIRST_INTERVAL_MS = 250;

/** Shows what containers use on the whole terminal, until a key or a signal ends it, or there is nothing left to see. */
export async function showLive({ look, isOver, intervalMs }: Source): Promise<void> {
  const end = new AbortController();
  const paint = painter(1);
  let uses: readonly Use[] = [];
  let drawn = Promise.resolve();
  // One after another: what is drawn last is the latest.
  const draw = (): Promise<void> => {
    drawn = drawn.then(async () => {
      const lines = await formatScreen(uses, screen.size, { intervalMs, paint });
      if (!end.signal.aborted) screen.draw(lines);
    });
    return drawn;
  };
  using screen = new Screen({ onQuit: () => end.abort(), onResize: () => void draw() });
  let before = look();
  uses = compareSamples(before, undefined);
  await draw();
  for (let waitMs = Math.min(intervalMs, FIRST_INTERVAL_MS); ; waitMs = intervalMs) {
    await delay(waitMs, undefined, { signal: end.signal }).catch(() => undefined);
    if (end.signal.aborted) break;
    const now = look();
    if (isOver(now)) break;
    uses = compareSamples(now, before);
    before = now;
    await draw();
  }
  await drawn;
}

/** How a screen of figures looks. */
interface Look {
  readonly intervalMs: number;
  readonly paint: Paint;
}

/** Returns the lines of a screen: the table, cut where it is too long, and what ends it. */
export async function formatScreen(uses: readonly Use[], size: Size, { intervalMs, paint }: Look): Promise<string[]> {
  const footer = `${countContainers(uses.length)}, every ${formatDuration(intervalMs)}; q ends it`;
  // The header, a blank line and the footer.
  const room = Math.max(1, size.rows - 3);
  const shown = uses.length <= room ? uses : uses.slice(0, room - 1);
  const table = await formatTable(shown, COLUMNS, { width: size.columns, paint });
  const more = uses.length - shown.length;
  return [
    ...table.split('\n').slice(0, -1),
    ...(more === 0 ? [] : [paint('dim', `… and ${String(more)} more`.slice(0, size.columns))]),
    '',
    paint('dim', footer.slice(0, size.columns)),
  ];
}

function countContainers(count: number): string {
  return count === 1 ? '1 container' : `${count === 0 ? 'no' : String(count)} containers`;
}
