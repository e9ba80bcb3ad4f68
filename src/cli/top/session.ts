import { NO_HISTORY, advance } from './model/history.js';
import type { Details } from './model/lines.js';
import { type Line, type Shown, type Size, drawScreen, seeingOf } from './model/screen.js';
import type { Ruler } from './model/segments.js';
import type { Entry, Look } from './model/types.js';
import { type Action, type ViewState, initialState, react } from './model/view-state.js';

/** Where the view gets what it shows, and what acts for it. */
export interface TopSource {
  look(): Promise<Look>;
  /** Returns what else is known of one; `undefined` when it has gone. @param width - columns of its tables */
  details(path: string, width: number): Promise<Details | undefined>;
  /** Does something to a container. @returns what became of it, in words */
  act(action: Action, path: string): Promise<string>;
  /** Nothing will be there any more. */
  isOver(look: Look): boolean;
}

/** What a session is about. */
export interface SessionOptions {
  readonly source: TopSource;
  readonly intervalMs: number;
  readonly ruler: Ruler;
  /** The path of the container whose details come first. */
  readonly details?: string | undefined;
  /** Those that have ended are not shown at first. @default false */
  readonly hidesEnded?: boolean;
}

/** What a session tells whoever draws it. */
export interface SessionEvents {
  /** There is something new to draw. */
  readonly onChange: () => void;
  readonly onQuit: () => void;
  readonly onSuspend: () => void;
  /** The screen is to be drawn from nothing. */
  readonly onRedraw: () => void;
}

/** The live view, apart from the terminal: what is seen, what keys have changed, and what to draw. */
export class TopSession {
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  #history = NO_HISTORY;
  #entries: readonly Entry[] = [];
  #state: ViewState;
  #details: { readonly path: string; readonly data: Details | undefined } | undefined;
  #size: Size = { columns: 80, rows: 24 };

  constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#state = initialState(options.details, options.hidesEnded);
  }

  /** Looks again. @returns `false` when there will be nothing to see any more */
  async refresh(): Promise<boolean> {
    const { source } = this.#options;
    const look = await source.look();
    const { entries, history } = advance(this.#history, look);
    this.#history = history;
    this.#entries = entries;
    await this.#loadDetails();
    this.#events.onChange();
    return !source.isOver(look);
  }

  /** The terminal has this size. */
  resize(size: Size): void {
    this.#size = size;
  }

  /** Returns the lines to draw. */
  draw(): readonly Line[] {
    return drawScreen(this.#shown, this.#size);
  }

  /** A key was pressed. @param key - a character, or a name: see `react` */
  press(key: string): void {
    const { state, effect } = react(this.#state, key, seeingOf(this.#shown, this.#size));
    this.#state = state;
    if (effect?.type === 'quit') this.#events.onQuit();
    else if (effect?.type === 'suspend') this.#events.onSuspend();
    else if (effect?.type === 'redraw') this.#events.onRedraw();
    else if (effect?.type === 'act') void this.#act(effect.action, effect.path);
    void this.#loadDetails().then(this.#events.onChange);
    this.#events.onChange();
  }

  get #shown(): Shown {
    const { intervalMs, ruler } = this.#options;
    const { path, data } = this.#details ?? {};
    return {
      entries: this.#entries,
      state: this.#state,
      details: path === this.#state.selected ? data : undefined,
      intervalMs,
      ruler,
    };
  }

  async #act(action: Action, path: string): Promise<void> {
    this.#tell(`${path}: ${action} …`, false);
    try {
      this.#tell(await this.#options.source.act(action, path), false);
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error), true);
    }
  }

  #tell(text: string, failed: boolean): void {
    this.#state = { ...this.#state, message: { text, failed } };
    this.#events.onChange();
  }

  async #loadDetails(): Promise<void> {
    const { from, selected: path } = this.#state;
    if (from !== 'details' || path === undefined) return;
    this.#details = { path, data: await this.#options.source.details(path, this.#size.columns) };
  }
}
