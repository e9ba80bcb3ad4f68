import { mkdtempSync, readFileSync, rmSync, writeFileSync, appendFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ContainerRecord,
  applyRecordChange,
  endingOf,
  isOpen,
  labelsOfRecord,
  newRecord,
  parseRecord,
} from '../../../../src/supervisor/record/record.js';
import { RecordFile } from '../../../../src/supervisor/record/record-file.js';
import { Records } from '../../../../src/supervisor/record/records.js';
import type { Supervision } from '../../../../src/supervisor/types.js';

const supervision: Supervision = { restart: { name: 'no' }, log: { driver: 'raw' } };

function record(changes: Partial<ContainerRecord> = {}): ContainerRecord {
  const options = { command: ['true'], container: { memory: '1G', pids: 7 }, supervision };
  return { ...newRecord('web', options, { createdAt: '2026-01-01T00:00:00Z', desired: 'up' }), ...changes };
}

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'corral-unit-'));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

describe('the sum of the lines', () => {
  it('is the first one, and what the others say', () => {
    const lines = [record(), { run: 1, startedAt: 'then' }, { restarts: 2 }];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    expect(parseRecord(text)).toEqual(record({ run: 1, startedAt: 'then', restarts: 2 }));
  });

  it('is nothing where not even the first is whole, or is none', () => {
    expect(parseRecord('')).toBeUndefined();
    expect(parseRecord(JSON.stringify(record()))).toBeUndefined();
    expect(parseRecord('null\n')).toBeUndefined();
    expect(parseRecord('{"version":1}\n')).toBeUndefined();
  });

  it('is not for a corral of another version', () => {
    expect(() => parseRecord('{"version":2,"options":{}}\n')).toThrow('record of version 2: this corral knows 1');
  });

  it('leaves out half a line, wherever it is', () => {
    expect(parseRecord(`${JSON.stringify(record())}\n{"run":\n{"restarts":1}\n{"run":`)).toEqual(
      record({ restarts: 1 }),
    );
  });

  it('has the limits that were changed, and not those that were taken away', () => {
    const { container } = applyRecordChange(record(), {
      update: { memory: 'max', pids: 3, memorySwap: 'max' },
    }).options;
    expect(container).toEqual({ pids: 3, memorySwap: 'max' });
  });
});

it('is open from the beginning of a run to the note of its end', () => {
  const end = { run: 1, startedAt: '', endedAt: '' };
  expect([isOpen(record()), isOpen(record({ run: 1 })), isOpen(record({ run: 1, lastEnd: end }))]).toEqual([
    false,
    true,
    false,
  ]);
  expect(isOpen(record({ run: 2, lastEnd: end }))).toBe(true);
});

it('has the labels of its container', () => {
  expect(labelsOfRecord(record())).toEqual({});
  const { options } = record();
  expect(labelsOfRecord(record({ options: { ...options, container: { labels: { job: '7' } } } }))).toEqual({
    job: '7',
  });
});

it('is ended as was asked, else as its options say, else at once', () => {
  const { options } = record();
  const gentle = { ...options, supervision: { ...supervision, stopSignal: 'SIGINT', gracePeriod: 5 } };
  expect(endingOf(record())).toEqual({ how: 'kill', options: {} });
  expect(endingOf(record({ options: gentle, ending: { how: 'stop' } }))).toEqual({
    how: 'stop',
    options: { stopSignal: 'SIGINT', gracePeriod: 5 },
  });
  const asked = { how: 'stop', stopSignal: 'SIGHUP', gracePeriod: 1, allProcesses: true } as const;
  expect(endingOf(record({ options: gentle, ending: asked }))).toEqual({
    how: 'stop',
    options: { stopSignal: 'SIGHUP', gracePeriod: 1, allProcesses: true },
  });
});

describe('the file', () => {
  const path = (): string => join(directory, 'record');

  it('says the same to whoever comes later', () => {
    const file = RecordFile.create(path(), record());
    file.add({ run: 1 });
    file.add({ restarts: 1 });
    expect(RecordFile.load(path())?.record).toEqual(record({ run: 1, restarts: 1 }));
    expect(RecordFile.load(join(directory, 'none'))).toBeUndefined();
  });

  it('is whole again after half a line', () => {
    RecordFile.create(path(), record());
    appendFileSync(path(), '{"run":1');
    RecordFile.load(path())?.add({ restarts: 4 });
    expect(RecordFile.load(path())?.record).toEqual(record({ restarts: 4 }));
    expect(readFileSync(path(), 'utf8').split('\n')).toHaveLength(3);
  });

  it('does not grow for ever', () => {
    const file = RecordFile.create(path(), record());
    for (let run = 1; run <= 5000; run++) file.add({ run, startedAt: '2026-01-01T00:00:00.000Z' });
    expect(readFileSync(path()).length).toBeLessThan(70_000);
    expect(RecordFile.load(path())?.record.run).toBe(5000);
  });

  it('goes on where it cannot be written, says so once, and catches up', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const file = RecordFile.create(path(), record());
    rmSync(path());
    mkdirSync(path());
    file.add({ run: 1 });
    file.add({ restarts: 1 });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(file.record).toMatchObject({ run: 1, restarts: 1 });
    rmSync(path(), { recursive: true });
    file.add({ run: 2 });
    expect(RecordFile.load(path())?.record).toEqual(record({ run: 2, restarts: 1 }));
  });
});

describe('the records', () => {
  it('are a directory for each container, which is taken once', () => {
    const records = new Records(join(directory, 'data'));
    expect(records.names()).toEqual([]);
    records.makeDirectory();
    records.create(record()).add({ run: 1 });
    expect(() => records.create(record())).toThrow('container "web" already exists');
    expect(records.names()).toEqual(['web']);
    expect(records.load('web')?.record.run).toBe(1);
    records.remove('web');
    expect(records.names()).toEqual([]);
    expect(records.load('web')).toBeUndefined();
  });

  it('leave nothing of one that could not be made', () => {
    const records = new Records(join(directory, 'data'));
    records.makeDirectory();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const { options } = record();
    expect(() => records.create(record({ options: { ...options, container: circular } }))).toThrow('circular');
    expect(records.names()).toEqual([]);
  });

  it('say so where somebody has removed what they are in', () => {
    const records = new Records(join(directory, 'data'));
    const path = join(directory, 'data/web');
    expect(() => records.create(record())).toThrow(
      expect.objectContaining({
        message: `make directory ${path}: ENOENT (no such file or directory)`,
        hint: 'somebody has removed what it was in: corral supervise --replace begins anew',
        code: 'ENOENT',
      }),
    );
    expect(records.names()).toEqual([]);
  });

  it('refuse a directory that others can write', () => {
    writeFileSync(join(directory, 'data'), '');
    expect(() => {
      new Records(join(directory, 'data')).makeDirectory();
    }).toThrow('it is not a directory that this user alone can write');
  });
});
