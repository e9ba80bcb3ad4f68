import { placeColumns, rowLine, titleLine } from './layout.js';
import { type Details, detailLines, footerLine, helpLines, summaryLine } from './lines.js';
import { type Row, findEntry, listRows } from './rows.js';
import { type Ruler, type Segment, fit } from './segments.js';
import type { Entry } from './types.js';
import { type Seeing, type ViewState, selectedRow } from './view-state.js';

/** Columns and rows of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** All that a screen is drawn from. */
export interface Shown {
  readonly entries: readonly Entry[];
  readonly state: ViewState;
  /** Of the container whose details are shown, once they are known. */
  readonly details: Details | undefined;
  readonly intervalMs: number;
  readonly ruler: Ruler;
}

/** A line of a screen, as wide as that or shorter. */
export interface Line {
  readonly segments: readonly Segment[];
  /** The keys are about this one. */
  readonly selected?: boolean;
}

/** Lines that are not part of the list, the details or the help. */
const FRAME = 2;

/** Returns how many lines the list, the details or the help get. The last row of the terminal stays empty: nothing scrolls. */
function roomIn({ rows }: Size): number {
  return Math.max(1, rows - 1 - FRAME);
}

/** Returns what keys are about. */
export function seeingOf(shown: Shown, size: Size): Seeing {
  const rows = listRows(shown.entries, shown.state);
  return { rows, room: listRoom(shown.state, size), length: bodyLines(shown).length };
}

// The titles of the list are a line.
function listRoom({ mode, from }: ViewState, size: Size): number {
  const isText = mode === 'help' || mode === 'details' || (mode === 'confirm' && from === 'details');
  return Math.max(1, roomIn(size) - (isText ? 0 : 1));
}

/** Draws a screen: as many lines as fit. */
export function drawScreen(shown: Shown, size: Size): readonly Line[] {
  const { state, entries, intervalMs, ruler } = shown;
  const cut = (segments: readonly Segment[]): Line => ({ segments: fit(segments, size.columns, ruler) });
  const room = roomIn(size);
  const text = bodyLines(shown);
  const start = Math.max(0, Math.min(state.scroll, text.length - room));
  const body = text.length > 0 ? text.slice(start, start + room).map(cut) : drawList(shown, size);
  const empty = Array.from({ length: Math.max(0, room - body.length) }, (): Line => ({ segments: [] }));
  const lines = [cut(summaryLine(entries, state, intervalMs)), ...body, ...empty, cut(footerLine(state))];
  // A terminal of two rows shows what is asked rather than anything else.
  return lines.slice(Math.max(0, lines.length - Math.max(1, size.rows - 1)));
}

/** The lines of the details or of the help; none where the list is shown. */
function bodyLines({ state, entries, details }: Shown): readonly (readonly Segment[])[] {
  const { mode, from, selected = '' } = state;
  if (mode === 'help') return helpLines();
  if (mode !== 'details' && !(mode === 'confirm' && from === 'details')) return [];
  const entry = findEntry(entries, selected);
  return entry === undefined ? [[{ text: `${selected} has gone`, tone: 'dim' }]] : detailLines(entry, details);
}

function drawList({ entries, state, ruler }: Shown, size: Size): readonly Line[] {
  const rows = listRows(entries, state);
  const room = listRoom(state, size);
  const selected = selectedRow(rows, state);
  const visible = windowOf(rows, selected, room);
  // All rows have a say in which columns there are: nothing jumps when one scrolls.
  const columns = placeColumns(rows, size.columns, ruler);
  const lines = visible.map((row): Line => {
    const segments = rowLine(row, columns, ruler);
    return row === rows[selected] ? { segments, selected: true } : { segments };
  });
  const none = state.hidesEnded === true && entries.length > 0 ? 'no containers run' : 'no containers';
  const nothing = state.filter === '' ? none : `no container fits ${state.filter}`;
  return [
    { segments: titleLine(columns, ruler) },
    ...(rows.length > 0 ? lines : [{ segments: fit([{ text: nothing, tone: 'dim' }], size.columns, ruler) }]),
  ];
}

/** Returns the rows around the one that is selected, as many as there is room for. */
function windowOf(rows: readonly Row[], selected: number, room: number): readonly Row[] {
  const start = Math.max(0, Math.min(rows.length - room, selected - Math.floor(room / 2)));
  return rows.slice(start, start + room);
}
