import { setTimeout as delay } from 'node:timers/promises';
import { Screen, type Size } from './screen.js';

/** Something that is looked at again and again on the whole terminal. */
export interface LiveView {
  readonly intervalMs: number;
  /** Looks again. @returns `false` when there will be nothing to see any more */
  readonly refresh: () => boolean | Promise<boolean>;
  /** Returns what to show, as many lines as there is room for, and none wider. */
  readonly render: (size: Size) => Promise<readonly string[]>;
}

/** The first rates need not wait for long. */
const FIRST_INTERVAL_MS = 250;

/** Shows a view on the whole terminal until a key or a signal ends it, or there is nothing left to see. */
export async function showLive({ intervalMs, refresh, render }: LiveView): Promise<void> {
  const end = new AbortController();
  let drawn = Promise.resolve();
  // One after another: what is drawn last is the latest.
  const draw = (): Promise<void> => {
    drawn = drawn.then(async () => {
      const lines = await render(screen.size);
      if (!end.signal.aborted) screen.draw(lines);
    });
    return drawn;
  };
  using screen = new Screen({ onQuit: () => end.abort(), onResize: () => void draw() });
  await draw();
  for (let waitMs = Math.min(intervalMs, FIRST_INTERVAL_MS); ; waitMs = intervalMs) {
    await delay(waitMs, undefined, { signal: end.signal }).catch(() => undefined);
    if (end.signal.aborted || !(await refresh())) break;
    await draw();
  }
  await drawn;
}

/** Returns a table's lines cut to a screen, with a line about what was cut off, a blank one and a footer. */
export function fitScreen(
  table: string,
  footer: string,
  { columns, rows }: Size,
  dim: (text: string) => string,
): string[] {
  const lines = table.split('\n').slice(0, -1);
  // The header is one of them; a blank line and the footer are not.
  const room = Math.max(2, rows - 2);
  const shown = lines.length <= room ? lines : lines.slice(0, room - 1);
  const more = lines.length - shown.length;
  return [
    ...shown,
    ...(more === 0 ? [] : [dim(`… and ${String(more)} more`.slice(0, columns))]),
    '',
    dim(footer.slice(0, columns)),
  ];
}
