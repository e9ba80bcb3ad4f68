import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Encoding, MAX_PIECE_BYTES, encodeLines } from '../../../../src/supervisor/logs/encode.js';
import { type LogRecord, type Position, parseLogLine, recordBytes } from '../../../../src/supervisor/logs/record.js';

const TIME = '2024-11-22T18:03:01.123456789Z';

const encode = (bytes: string | Buffer, how: Partial<Encoding> = {}): LogRecord[] => {
  const position: Position = { end: 0, open: false };
  const encoding: Encoding = { stream: 'stdout', time: TIME, position, unfinished: 'wait', ...how };
  const lines = encodeLines(Buffer.from(bytes as string), encoding).toString();
  expect(lines === '' || lines.endsWith('\n')).toBe(true);
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => parseLogLine(Buffer.from(line)) as LogRecord);
};

const join = (records: readonly LogRecord[]): Buffer =>
  Buffer.concat(records.flatMap((each) => [recordBytes(each), Buffer.from(each.partial === true ? '' : '\n')]));

const UNFINISHED = ['wait', 'now', 'end'] as const;

describe('encodeLines', () => {
  it('makes a record of each line, with the offset behind it', () => {
    expect(encode('one\n\ntwo\n', { stream: 'stderr', position: { end: 100, open: false } })).toEqual([
      { time: TIME, stream: 'stderr', text: 'one', end: 104 },
      { time: TIME, stream: 'stderr', text: '', end: 105 },
      { time: TIME, stream: 'stderr', text: 'two', end: 109 },
    ]);
  });

  it('leaves a line without newline for later, or makes a piece of it', () => {
    expect(encode('one\ntw').map(({ end }) => end)).toEqual([4]);
    expect(encode('tw')).toEqual([]);
    for (const unfinished of ['now', 'end'] as const) {
      expect(encode('one\ntw', { unfinished })[1]).toEqual({
        time: TIME,
        stream: 'stdout',
        text: 'tw',
        partial: true,
        end: 6,
      });
    }
  });

  it('says of a piece that its line has begun before', () => {
    const position = { end: 6, open: true };
    expect(encode('o\nthree\n', { position })).toEqual([
      { time: TIME, stream: 'stdout', text: 'o', continued: true, end: 8 },
      { time: TIME, stream: 'stdout', text: 'three', end: 14 },
    ]);
  });

  it('cuts a long line, and no line that just fits', () => {
    const fitting = 'x'.repeat(MAX_PIECE_BYTES);
    expect(encode(`${fitting}\n`).map(({ partial }) => partial)).toEqual([undefined]);
    expect(encode(fitting)).toEqual([]);
    const long = encode(`${fitting}${fitting}y\n`);
    expect(long.map(({ text, partial, continued, end }) => [text?.length, partial, continued, end])).toEqual([
      [MAX_PIECE_BYTES, true, undefined, MAX_PIECE_BYTES],
      [MAX_PIECE_BYTES, true, true, MAX_PIECE_BYTES * 2],
      [1, undefined, true, MAX_PIECE_BYTES * 2 + 2],
    ]);
    expect(encode(`${fitting}y`).map(({ text, partial }) => [text?.length, partial])).toEqual([
      [MAX_PIECE_BYTES, true],
    ]);
  });

  it('does not cut a character', () => {
    for (const character of ['é', '€', '😀']) {
      const size = Buffer.byteLength(character);
      for (let before = 1; before < size; before += 1) {
        const head = 'x'.repeat(MAX_PIECE_BYTES - before);
        const [piece, rest] = encode(`${head}${character}yyyyyy\n`);
        expect(piece?.text).toBe(head);
        expect(rest?.text).toBe(`${character}yyyyyy`);
      }
    }
  });

  it('cuts what is no UTF-8 anywhere', () => {
    for (const byte of [0x80, 0xff, 0xc0, 0xf8]) {
      const [piece] = encode(Buffer.alloc(MAX_PIECE_BYTES + 5, byte));
      expect(piece?.end).toBe(MAX_PIECE_BYTES);
      expect(piece?.base64).toBeDefined();
    }
  });

  it('waits for the rest of a character that was begun', () => {
    const now = (text: string, length: number): LogRecord[] =>
      encode(Buffer.from(text).subarray(0, length), { unfinished: 'now' });
    expect(now('aé', 2).map(({ text }) => text)).toEqual(['a']);
    expect(now('a€', 3).map(({ text }) => text)).toEqual(['a']);
    expect(now('a😀', 4).map(({ text }) => text)).toEqual(['a']);
    expect(now('aé', 3).map(({ text }) => text)).toEqual(['aé']);
    expect(now('é', 1)).toEqual([]);
    const cut = Buffer.from('€').subarray(0, 2);
    expect(encode(cut, { unfinished: 'end' })[0]?.base64).toBe(cut.toString('base64'));
  });

  it('escapes what JSON must have escaped, and keeps bytes that are no text', () => {
    const text = '"\\\u0000\u001b[1m\t\r\u2028\u007f';
    expect(encode(`${text}\n`)[0]?.text).toBe(text);
    expect(encode(`é${text}\n`)[0]?.text).toBe(`é${text}`);
    const records = encode(Buffer.from([0x61, 0xff, 0x0a, 0x62, 0x0a, 0xef, 0xbb, 0xbf, 0x0a]));
    expect(records.map(({ text: found, base64 }) => found ?? base64)).toEqual(['Yf8=', 'b', '\ufeff']);
  });

  it('loses no byte, wherever it is called again', () => {
    const pieces = fc.oneof(
      fc
        .constantFrom('\n', 'plain', 'é€😀', '"\\', 'x'.repeat(MAX_PIECE_BYTES - 1), 'y'.repeat(40_000))
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
    );
    const input = fc.record({
      bytes: fc.array(pieces, { maxLength: 12 }).map((list) => Buffer.concat(list)),
      slice: fc.integer({ min: MAX_PIECE_BYTES + 1, max: 50_000 }),
      unfinished: fc.constantFrom(...UNFINISHED),
    });
    fc.assert(
      fc.property(input, ({ bytes, slice, unfinished }) => {
        const records: LogRecord[] = [];
        let position: Position = { end: 0, open: false };
        for (;;) {
          const isLast = position.end + slice >= bytes.length;
          const part = bytes.subarray(position.end, position.end + slice);
          const found = encode(part, { position, unfinished: isLast ? 'end' : unfinished });
          records.push(...found);
          const last = found.at(-1);
          if (last === undefined) break;
          expect(found.every(({ text = '' }) => Buffer.byteLength(text) <= MAX_PIECE_BYTES || isLast)).toBe(true);
          position = { end: last.end, open: last.partial === true };
        }
        expect(join(records).equals(bytes)).toBe(true);
        expect(
          records.every((each, index) => (each.continued ?? false) === (records[index - 1]?.partial ?? false)),
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
