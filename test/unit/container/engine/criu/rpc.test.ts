import { expect, test } from 'vitest';
import {
  decodeResponse,
  encodeFeatureCheck,
  encodeNotified,
  encodeRequest,
} from '../../../../../src/container/engine/criu/rpc.js';
import { decodeMessage, encodeMessage } from '../../../../../src/container/engine/criu/wire.js';

const within = (bytes: Uint8Array, number: number): ReturnType<typeof decodeMessage>[] =>
  (decodeMessage(bytes).get(number) ?? []).map((value) => decodeMessage(value as Uint8Array));

const texts = (values: readonly (number | Uint8Array)[] = []): string[] =>
  values.map((value) => Buffer.from(value as Uint8Array).toString());

test('a request has its type and options, and nothing of what was not asked for', () => {
  const request = encodeRequest('dump', {
    imagesDirFd: 7,
    pid: 300,
    root: '/srv/web',
    tcpEstablished: true,
    shellJob: false,
    lsmProfile: undefined,
    external: ['mnt[/data]:/data', 'net[4026]:extRootNetNS'],
    pageServer: { address: '::1', port: 1234 },
    cgroupRoots: [{ controller: 'cpu', path: '/web' }],
    inheritFds: [{ key: 'pipe:[5]', fd: 0 }],
    joinNamespaces: [{ type: 'ipc', path: '/run/ipc' }],
  });
  expect(decodeMessage(request).get(1)).toEqual([1]);
  const [options] = within(request, 2);
  expect([...(options?.keys() ?? [])].sort((a, b) => a - b)).toEqual([1, 2, 5, 11, 13, 25, 27, 37, 39]);
  expect([options?.get(1), options?.get(2), options?.get(5)]).toEqual([[7], [300], [1]]);
  expect(texts(options?.get(37))).toEqual(['mnt[/data]:/data', 'net[4026]:extRootNetNS']);
  const nested = (number: number): ReturnType<typeof decodeMessage> =>
    decodeMessage(options?.get(number)?.[0] as Uint8Array);
  expect([texts(nested(11).get(1)), nested(11).get(2)]).toEqual([['::1'], [1234]]);
  expect([texts(nested(25).get(1)), texts(nested(25).get(2))]).toEqual([['cpu'], ['/web']]);
  expect([texts(nested(27).get(1)), nested(27).get(2)]).toEqual([['pipe:[5]'], [0]]);
  expect([texts(nested(39).get(1)), texts(nested(39).get(2))]).toEqual([['ipc'], ['/run/ipc']]);
});

test('features are asked for one by one, and notifications are answered', () => {
  expect(within(encodeFeatureCheck({ memTrack: true }), 5).map((one) => [...one])).toEqual([[[1, [1]]]]);
  expect(within(encodeFeatureCheck({ lazyPages: true }), 5).map((one) => [...one])).toEqual([[[2, [1]]]]);
  expect([...decodeMessage(encodeNotified(true))]).toEqual([
    [1, [6]],
    [3, [1]],
  ]);
  expect([...decodeMessage(encodeRequest('check'))].map(([number]) => number)).toEqual([1, 2]);
});

test('a response is read with all that may be in it', () => {
  const plain = decodeResponse(
    encodeMessage([
      [1, 2],
      [2, true],
      [4, encodeMessage([[1, 77]])],
    ]),
  );
  expect(plain).toMatchObject({ type: 2, success: true, pid: 77, notification: undefined, errno: 0, error: '' });
  const notified = encodeMessage([
    [1, 6],
    [2, true],
    [
      5,
      encodeMessage([
        [1, 'setup-namespaces'],
        [2, 9],
      ]),
    ],
  ]);
  expect(decodeResponse(notified).notification).toEqual({ script: 'setup-namespaces', pid: 9 });
  const failed = encodeMessage([
    [1, 1],
    [2, false],
    [7, 3],
    [8, encodeMessage([[2, true]])],
    [9, 'it is so'],
  ]);
  expect(decodeResponse(failed)).toMatchObject({
    success: false,
    errno: 3,
    error: 'it is so',
    features: { memTrack: false, lazyPages: true },
  });
  expect(decodeResponse(new Uint8Array())).toMatchObject({ type: 0, success: false, pid: undefined });
});
