import stringWidth from 'string-width';
import type { Ruler } from '../../../../src/cli/top/model/segments.js';
import type { Entry, Look, Seen } from '../../../../src/cli/top/model/types.js';
import { rulerBy } from '../../../../src/cli/width.js';

export const ruler: Ruler = rulerBy(stringWidth);

export const seen = (id: string, more: Partial<Seen> = {}): Seen => ({
  id,
  path: id,
  status: 'running',
  command: ['sleep', '1'],
  createdAt: '2026-01-01T00:00:00Z',
  containers: [],
  ...more,
});

export const look = (containers: readonly Seen[], at: number): Look => ({
  at,
  time: 1_767_225_600_000 + at,
  containers,
});

export const entry = (id: string, more: Partial<Entry> = {}): Entry => ({
  id,
  path: id,
  status: 'running',
  command: ['sleep', '1'],
  labels: {},
  memoryEstimated: false,
  processes: 1,
  pressures: [],
  oomKills: 0,
  containers: [],
  ...more,
});
