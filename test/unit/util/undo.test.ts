import { expect, test } from 'vitest';
import { UndoStack } from '../../../src/util/undo.js';

test('what was made last is taken back first', async () => {
  const done: string[] = [];
  const undo = new UndoStack();
  undo.push('a', () => void done.push('a'));
  undo.push('b', async () => {
    await Promise.resolve();
    done.push('b');
  });
  expect(await undo.unwind()).toEqual([]);
  expect(done).toEqual(['b', 'a']);
});

test('a failure keeps no other entry from being taken back, and is returned', async () => {
  const done: string[] = [];
  const undo = new UndoStack();
  const [first, second] = [new Error('first'), new Error('second')];
  undo.push('a', () => void done.push('a'));
  undo.push('b', () => {
    throw first;
  });
  undo.push('c', () => Promise.reject(second));
  expect(await undo.unwind()).toEqual([
    { what: 'c', error: second },
    { what: 'b', error: first },
  ]);
  expect(done).toEqual(['a']);
});

test('what is pushed while it unwinds is taken back, too', async () => {
  const done: string[] = [];
  const undo = new UndoStack();
  undo.push('outer', () => {
    undo.push('inner', () => void done.push('inner'));
  });
  await undo.unwind();
  expect(done).toEqual(['inner']);
});

test('a stack unwinds once', async () => {
  let runs = 0;
  const undo = new UndoStack();
  undo.push('a', () => {
    runs++;
  });
  await undo.unwind();
  await undo.unwind();
  expect(runs).toBe(1);
});

test('what was released stays', async () => {
  let runs = 0;
  const undo = new UndoStack();
  undo.push('a', () => {
    runs++;
  });
  undo.release();
  expect(await undo.unwind()).toEqual([]);
  expect(runs).toBe(0);
});
