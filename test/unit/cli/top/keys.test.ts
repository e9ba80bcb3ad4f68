import { describe, expect, it } from 'vitest';
import { type Row, listRows } from '../../../../src/cli/top/model/rows.js';
import {
  type Effect,
  type Seeing,
  type ViewState,
  initialState,
  react,
  selectedRow,
} from '../../../../src/cli/top/model/view-state.js';
import { entry } from './samples.js';

const entries = [
  entry('a'),
  entry('b', { containers: [entry('in', { path: 'b/in' })] }),
  entry('c', { status: 'paused' }),
];

const seeing = (state: ViewState, more: Partial<Seeing> = {}): Seeing => ({
  rows: listRows(entries, { ...state, sort: 'name' }),
  room: 3,
  length: 10,
  ...more,
});

/** Presses keys, one after the other. */
function press(keys: readonly string[], state = initialState(), more: Partial<Seeing> = {}): ViewState {
  return keys.reduce((before, key) => react(before, key, seeing(before, more)).state, state);
}

const effectOf = (key: string, state = initialState(), more: Partial<Seeing> = {}): Effect | undefined =>
  react(state, key, seeing(state, more)).effect;

describe('keys in the list', () => {
  it.each([
    [['down'], 'b'],
    [['down', 'down'], 'b/in'],
    [['down', 'up', 'up'], 'a'],
    [['end'], 'c'],
    [['end', 'home'], 'a'],
    [['pagedown'], 'b/in'],
    [['end', 'pageup'], 'b'],
    [['down', 'down', 'down', 'down', 'down'], 'c'],
  ])('%j select', (keys, path) => {
    expect(press(keys).selected).toBe(path);
  });

  it('select nothing where nothing is', () => {
    const none = { rows: [] as readonly Row[] };
    for (const key of ['down', 'end', 'left', 'right', 'enter', 'k', 's', 'P', 'x']) {
      const { state, effect } = react(initialState(), key, seeing(initialState(), none));
      expect([key, state.mode, state.selected, effect]).toEqual([key, 'list', undefined, undefined]);
    }
  });

  it('go on from the top where what was selected has gone', () => {
    expect(selectedRow(seeing(initialState()).rows, { selected: 'gone' })).toBe(0);
    expect(press(['down'], { ...initialState(), selected: 'gone' }).selected).toBe('b');
  });

  it('fold and unfold', () => {
    const folded = press(['down', 'left']);
    expect([...folded.folded]).toEqual(['b']);
    expect([...press(['right'], folded).folded]).toEqual([]);
    // From inside, the way leads out.
    expect(press(['down', 'down', 'left']).selected).toBe('b');
    expect(press(['left']).selected).toBe('a');
    expect(press(['left'], folded).selected).toBe('b');
    expect(press(['-']).folded.has('b')).toBe(true);
    expect(press(['-', '+']).folded.size).toBe(0);
  });

  it.each([
    ['c', 'cpu'],
    ['m', 'memory'],
    ['p', 'pids'],
    ['w', 'pressure'],
    ['n', 'name'],
    ['o', 'memory'],
  ])('%s orders', (key, sort) => {
    expect(press([key]).sort).toBe(sort);
  });

  it('show those that have ended, and hide them', () => {
    const state = initialState(undefined, true);
    expect(press(['a'], state).hidesEnded).toBe(false);
    expect(press(['a', 'a'], state).hidesEnded).toBe(true);
  });

  it('lead through the orders, and back', () => {
    expect(press(['n', 'o']).sort).toBe('cpu');
    expect(press(['r']).reversed).toBe(true);
    expect(press(['r', 'm']).reversed).toBe(false);
  });

  it('end, stop, and draw anew', () => {
    expect(effectOf('q')).toEqual({ type: 'quit' });
    expect(effectOf('ctrl-c')).toEqual({ type: 'quit' });
    expect(effectOf('ctrl-z')).toEqual({ type: 'suspend' });
    expect(effectOf('ctrl-l')).toEqual({ type: 'redraw' });
    expect(effectOf('x')).toBeUndefined();
  });

  it('take back what was told', () => {
    const told = { ...initialState(), message: { text: 'done', failed: false } };
    expect(press(['x'], told).message).toBeUndefined();
  });
});

describe('what acts on a container', () => {
  it.each([
    ['k', 'kill'],
    ['s', 'stop'],
  ])('%s asks first', (key, action) => {
    const asked = press(['down', key]);
    expect(asked).toMatchObject({ mode: 'confirm', asked: { action, path: 'b' } });
    expect(effectOf('y', asked)).toEqual({ type: 'act', action, path: 'b' });
    expect(effectOf('Y', asked)).toEqual({ type: 'act', action, path: 'b' });
    for (const no of ['n', 'escape', 'enter', 'k']) expect([no, effectOf(no, asked)]).toEqual([no, undefined]);
    expect(press(['n'], asked)).toMatchObject({ mode: 'list', asked: undefined });
    expect(effectOf('y', { ...asked, asked: undefined })).toBeUndefined();
  });

  it('is about the container that was asked about, wherever that is by then', () => {
    const asked = press(['down', 'k']);
    expect(effectOf('y', asked, { rows: [] })).toEqual({ type: 'act', action: 'kill', path: 'b' });
  });

  it('pauses and resumes at once', () => {
    expect(effectOf('P')).toEqual({ type: 'act', action: 'pause', path: 'a' });
    expect(effectOf('P', press(['end']))).toEqual({ type: 'act', action: 'resume', path: 'c' });
  });
});

describe('the filter', () => {
  it('is typed, kept, and dropped', () => {
    const typed = press(['/', 'w', 'é', 'b']);
    expect(typed).toMatchObject({ mode: 'filter', filter: 'wéb' });
    expect(press(['backspace'], typed).filter).toBe('wé');
    expect(press(['backspace', 'backspace', 'backspace', 'backspace'], typed).filter).toBe('');
    expect(press(['enter'], typed)).toMatchObject({ mode: 'list', filter: 'wéb' });
    expect(press(['escape'], typed)).toMatchObject({ mode: 'list', filter: '' });
    expect(press(['enter', '/', 'x', 'escape'], typed)).toMatchObject({ mode: 'list', filter: 'wéb' });
    expect(press(['enter', 'escape'], typed).filter).toBe('');
    expect(press(['ctrl-u'], typed).filter).toBe('');
    // Keys that are no characters, and those that would do something elsewhere.
    expect(press(['up', 'tab', 'q', 'k'], typed)).toMatchObject({ mode: 'filter', filter: 'wébqk' });
  });
});

describe('details and help', () => {
  it('are opened, scrolled, and left', () => {
    const details = press(['down', 'enter']);
    expect(details).toMatchObject({ mode: 'details', from: 'details', selected: 'b', scroll: 0 });
    expect(press(['down', 'down', 'up'], details).scroll).toBe(1);
    expect(press(['pagedown'], details).scroll).toBe(2);
    expect(press(['end'], details).scroll).toBe(7);
    expect(press(['end', 'down'], details).scroll).toBe(7);
    expect(press(['end', 'pageup', 'home'], details).scroll).toBe(0);
    expect(press(['end'], details, { length: 2 }).scroll).toBe(0);
    for (const key of ['escape', 'q', 'left', 'enter']) {
      expect(press([key], details)).toMatchObject({ mode: 'list', from: 'list', scroll: 0 });
    }
  });

  it('come first where they were asked for', () => {
    expect(initialState('web')).toMatchObject({ mode: 'details', from: 'details', selected: 'web' });
  });

  it('act on the one that they are of, and come back to it', () => {
    const details = press(['down', 'enter']);
    expect(effectOf('P', details)).toEqual({ type: 'act', action: 'pause', path: 'b' });
    expect(press(['k'], details)).toMatchObject({ mode: 'confirm', asked: { path: 'b' } });
    expect(press(['k', 'n'], details)).toMatchObject({ mode: 'details', selected: 'b' });
    expect(effectOf('k', { ...details, selected: 'gone' })).toBeUndefined();
    expect(press(['k'], { ...details, selected: 'gone' }).mode).toBe('details');
    expect(press(['x'], details).mode).toBe('details');
  });

  it.each(['?', 'h'])('%s explains the keys', (key) => {
    expect(press([key])).toMatchObject({ mode: 'help' });
    expect(press([key, 'down'])).toMatchObject({ mode: 'help', scroll: 1 });
    expect(press([key, 'down', 'x'])).toMatchObject({ mode: 'list', scroll: 0 });
    expect(press(['enter', key, 'x'])).toMatchObject({ mode: 'details' });
  });
});
