import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { eitherSignal } from '../../../src/util/either-signal.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('the first one that is aborted aborts it, for its reason', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  using either = eitherSignal(one.signal, other.signal);
  expect(either.signal.aborted).toBe(false);
  other.abort('over');
  one.abort('too late');
  expect(either.signal.aborted).toBe(true);
  expect(either.signal.reason).toBe('over');
  expect([listeners(one.signal), listeners(other.signal)]).toEqual([0, 0]);
});

test('one that is aborted already aborts it at once', () => {
  using either = eitherSignal(new AbortController().signal, AbortSignal.abort('before'));
  expect(either.signal.reason).toBe('before');
});

test('when it is disposed of, nothing of it is left in the others', () => {
  const longLived = new AbortController();
  const either = eitherSignal(longLived.signal);
  either[Symbol.dispose]();
  expect(listeners(longLived.signal)).toBe(0);
  longLived.abort();
  expect(either.signal.aborted).toBe(false);
});
