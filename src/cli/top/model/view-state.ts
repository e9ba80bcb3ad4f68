import { type Row, SORT_KEYS, type Selection, type SortKey } from './rows.js';

/** What the keys are about at the moment. */
export type Mode = 'list' | 'filter' | 'confirm' | 'details' | 'help';

/** What can be done to a container. */
export type Action = 'kill' | 'stop' | 'pause' | 'resume';

/** All that keys have changed. */
export interface ViewState extends Selection {
  readonly mode: Mode;
  /** Where `confirm` and `help` go back to. */
  readonly from: 'list' | 'details';
  /** The path of the container that keys are about; it may have gone meanwhile. */
  readonly selected: string | undefined;
  /** What is asked for, while it is not confirmed. */
  readonly asked: { readonly action: Action; readonly path: string } | undefined;
  /** Lines of the details, or of the help, above those that are seen. */
  readonly scroll: number;
  /** What became of the last action. */
  readonly message: { readonly text: string; readonly failed: boolean } | undefined;
  /** The filter as it was before it was changed. */
  readonly filterBefore: string;
}

/** What a key asks for besides another view. */
export type Effect =
  | { readonly type: 'quit' }
  | { readonly type: 'suspend' }
  | { readonly type: 'redraw' }
  | { readonly type: 'act'; readonly action: Action; readonly path: string };

/** What a key does. */
export interface Reaction {
  readonly state: ViewState;
  readonly effect?: Effect;
}

/** What keys are about. */
export interface Seeing {
  /** The lines of the list. */
  readonly rows: readonly Row[];
  /** How many lines there is room for. */
  readonly room: number;
  /** How many lines the details, or the help, have. */
  readonly length: number;
}

/**
 * Returns the state at the start.
 *
 * @param details - the path of the one whose details come first
 * @param hidesEnded - those that have ended are not shown, until a key says so
 */
export function initialState(details?: string, hidesEnded = false): ViewState {
  const mode = details === undefined ? 'list' : 'details';
  return {
    mode,
    from: mode,
    sort: 'cpu',
    reversed: false,
    filter: '',
    filterBefore: '',
    folded: new Set(),
    hidesEnded,
    selected: details,
    asked: undefined,
    scroll: 0,
    message: undefined,
  };
}

/**
 * Returns what a key does.
 *
 * @param key - a character, or a name: `up`, `pagedown`, `enter`, `escape`, `ctrl-c` …
 */
export function react(state: ViewState, key: string, seeing: Seeing): Reaction {
  const everywhere = EVERYWHERE[key];
  if (everywhere !== undefined) return { state, effect: everywhere };
  const silent = state.message === undefined ? state : { ...state, message: undefined };
  return MODES[silent.mode](silent, key, seeing);
}

/** Returns the line that is selected: where that container has gone, the first. */
export function selectedRow(rows: readonly Row[], { selected }: Pick<ViewState, 'selected'>): number {
  return Math.max(
    0,
    rows.findIndex(({ entry }) => entry.path === selected),
  );
}

const EVERYWHERE: Readonly<Partial<Record<string, Effect>>> = {
  'ctrl-c': { type: 'quit' },
  'ctrl-z': { type: 'suspend' },
  'ctrl-l': { type: 'redraw' },
};

type React = (state: ViewState, key: string, seeing: Seeing) => Reaction;

const MODES: Readonly<Record<Mode, React>> = {
  list: reactInList,
  filter: reactInFilter,
  confirm: reactToQuestion,
  details: reactInDetails,
  help: reactInHelp,
};

type Change = (state: ViewState, seeing: Seeing) => ViewState;

const sortBy =
  (sort: SortKey): Change =>
  (state) => ({ ...state, sort, reversed: false });

/** Moves the selection by so many lines; `page`: by screens. */
const move =
  (by: number, unit: 'line' | 'page' = 'line'): Change =>
  (state, { rows, room }) => {
    const step = by * (unit === 'page' ? Math.max(1, room - 1) : 1);
    const index = Math.min(rows.length - 1, Math.max(0, selectedRow(rows, state) + step));
    return { ...state, selected: rows[index]?.entry.path };
  };

const fold: Change = (state, { rows }) => {
  const row = rows[selectedRow(rows, state)];
  if (row === undefined) return state;
  const { path, containers } = row.entry;
  const isOpen = containers.length > 0 && !row.folded;
  if (isOpen) return { ...state, selected: path, folded: new Set([...state.folded, path]) };
  // Nothing is left to fold there: what is around it comes next.
  const end = path.lastIndexOf('/');
  const above = rows.find(({ entry }) => end >= 0 && entry.path === path.slice(0, end));
  return { ...state, selected: above?.entry.path ?? path };
};

const unfold: Change = (state, { rows }) => {
  const path = rows[selectedRow(rows, state)]?.entry.path;
  return { ...state, selected: path, folded: new Set([...state.folded].filter((one) => one !== path)) };
};

const LIST: Readonly<Partial<Record<string, Change>>> = {
  up: move(-1),
  down: move(1),
  pageup: move(-1, 'page'),
  pagedown: move(1, 'page'),
  home: move(-Infinity),
  end: move(Infinity),
  left: fold,
  right: unfold,
  '-': (state, { rows }) => ({ ...state, folded: new Set(rows.map(({ entry }) => entry.path)) }),
  '+': (state) => ({ ...state, folded: new Set() }),
  c: sortBy('cpu'),
  m: sortBy('memory'),
  p: sortBy('pids'),
  w: sortBy('pressure'),
  n: sortBy('name'),
  o: (state) => sortBy(SORT_KEYS[(SORT_KEYS.indexOf(state.sort) + 1) % SORT_KEYS.length] ?? 'cpu')(state, NOTHING),
  r: (state) => ({ ...state, reversed: !state.reversed }),
  a: (state) => ({ ...state, hidesEnded: state.hidesEnded !== true }),
  '/': (state) => ({ ...state, mode: 'filter', filterBefore: state.filter }),
  escape: (state) => ({ ...state, filter: '' }),
  enter: (state, { rows }) => {
    const row = rows[selectedRow(rows, state)];
    return row === undefined
      ? state
      : { ...state, mode: 'details', from: 'details', selected: row.entry.path, scroll: 0 };
  },
};

const NOTHING: Seeing = { rows: [], room: 0, length: 0 };

function reactInList(state: ViewState, key: string, seeing: Seeing): Reaction {
  if (key === 'q') return { state, effect: { type: 'quit' } };
  const change = LIST[key];
  if (change !== undefined) return { state: change(state, seeing) };
  const row = seeing.rows[selectedRow(seeing.rows, state)];
  return reactToAction({ ...state, from: 'list' }, key, row?.entry);
}

/** What acts on a container, in the list and in its details. */
function reactToAction(
  state: ViewState,
  key: string,
  entry: { readonly path: string; readonly status: string } | undefined,
): Reaction {
  if (key === '?' || key === 'h') return { state: { ...state, mode: 'help', scroll: 0 } };
  if (entry === undefined) return { state };
  const { path, status } = entry;
  // What ends something is asked about; what can be undone is not.
  if (key === 'k') return { state: { ...state, mode: 'confirm', asked: { action: 'kill', path }, selected: path } };
  if (key === 's') return { state: { ...state, mode: 'confirm', asked: { action: 'stop', path }, selected: path } };
  if (key !== 'P') return { state };
  const action = status === 'paused' ? 'resume' : 'pause';
  return { state: { ...state, selected: path }, effect: { type: 'act', action, path } };
}

function reactToQuestion(state: ViewState, key: string): Reaction {
  const { asked, from } = state;
  const answered: ViewState = { ...state, mode: from, asked: undefined };
  if (asked === undefined || (key !== 'y' && key !== 'Y')) return { state: answered };
  return { state: answered, effect: { type: 'act', ...asked } };
}

function reactInFilter(state: ViewState, key: string): Reaction {
  const { filter, filterBefore } = state;
  if (key === 'enter') return { state: { ...state, mode: 'list' } };
  if (key === 'escape') return { state: { ...state, mode: 'list', filter: filterBefore } };
  if (key === 'backspace') return { state: { ...state, filter: filter.replace(/.$/u, '') } };
  if (key === 'ctrl-u') return { state: { ...state, filter: '' } };
  // Names of keys are longer than a character.
  return { state: /^.$/u.test(key) ? { ...state, filter: filter + key } : state };
}

const SCROLLS: Readonly<Partial<Record<string, (room: number) => number>>> = {
  up: () => -1,
  down: () => 1,
  pageup: (room) => 1 - room,
  pagedown: (room) => room - 1,
  home: () => -Infinity,
  end: () => Infinity,
};

function scroll(state: ViewState, key: string, { room, length }: Seeing): ViewState | undefined {
  const by = SCROLLS[key]?.(room);
  if (by === undefined) return undefined;
  return { ...state, scroll: Math.max(0, Math.min(length - room, state.scroll + by)) };
}

const BACK: readonly string[] = ['escape', 'q', 'left', 'enter'];

function reactInDetails(state: ViewState, key: string, seeing: Seeing): Reaction {
  const scrolled = scroll(state, key, seeing);
  if (scrolled !== undefined) return { state: scrolled };
  if (BACK.includes(key)) return { state: { ...state, mode: 'list', from: 'list', scroll: 0 } };
  const shown = seeing.rows.find(({ entry }) => entry.path === state.selected)?.entry;
  return reactToAction({ ...state, from: 'details' }, key, shown);
}

function reactInHelp(state: ViewState, key: string, seeing: Seeing): Reaction {
  return { state: scroll(state, key, seeing) ?? { ...state, mode: state.from, scroll: 0 } };
}
