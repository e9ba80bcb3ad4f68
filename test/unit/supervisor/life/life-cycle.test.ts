import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LIFE_CYCLE,
  LIFE_EVENTS,
  LIFE_STATES,
  type LifeEvent,
  type LifeState,
  transition,
} from '../../../../src/supervisor/life/life-cycle.js';

/** The whole table once more, by event: state → where it leads, and what is done. */
const EXPECTED: Readonly<Record<LifeEvent, Readonly<Partial<Record<LifeState, string>>>>> = {
  start: {
    created: 'starting launch',
    starting: 'starting',
    running: 'running',
    stopping: 'restarting',
    restarting: 'restarting',
    waiting: 'starting disarm launch',
    exited: 'starting launch',
  },
  stop: {
    created: 'created',
    starting: 'stopping',
    running: 'stopping end',
    stopping: 'stopping end',
    restarting: 'stopping end',
    waiting: 'exited disarm',
    exited: 'exited',
    removing: 'removing',
  },
  restart: {
    created: 'starting launch',
    starting: 'starting',
    running: 'restarting end',
    stopping: 'restarting',
    restarting: 'restarting',
    waiting: 'starting disarm launch',
    exited: 'starting launch',
  },
  remove: {
    created: 'removing forget',
    starting: 'removing',
    running: 'removing end',
    stopping: 'removing end',
    restarting: 'removing end',
    waiting: 'removing disarm forget',
    exited: 'removing forget',
    removing: 'removing end',
  },
  started: {
    starting: 'running',
    stopping: 'stopping end',
    restarting: 'restarting end',
    removing: 'removing end',
  },
  ended: {
    running: 'exited',
    stopping: 'exited',
    restarting: 'starting launch',
    removing: 'removing forget',
  },
  failed: {
    starting: 'exited',
    stopping: 'exited',
    restarting: 'starting launch',
    removing: 'removing forget',
  },
  again: {
    starting: 'waiting arm',
    running: 'waiting arm',
    stopping: 'exited',
    restarting: 'starting launch',
    removing: 'removing forget',
  },
  expired: { running: 'running end', stopping: 'stopping', restarting: 'restarting', removing: 'removing' },
  due: { waiting: 'starting launch' },
};

describe('the table', () => {
  const pairs = LIFE_STATES.flatMap((state) => LIFE_EVENTS.map((event) => [state, event] as const));

  it.each(pairs)('%s, %s', (state, event) => {
    const found = transition(state, event);
    expect(found === undefined ? undefined : [found.next, ...found.actions].join(' ')).toBe(EXPECTED[event][state]);
  });

  it('knows every state and every event', () => {
    expect(Object.keys(LIFE_CYCLE)).toEqual([...LIFE_STATES]);
    const known = new Set(Object.values(LIFE_CYCLE).flatMap((events) => Object.keys(events)));
    expect([...known].sort()).toEqual([...LIFE_EVENTS].sort());
  });
});

/** A container as the world sees it: what the table asks for is done, and what happens is what can happen. */
class World {
  state: LifeState = 'created';
  run: 'none' | 'launching' | 'running' = 'none';
  isArmed = false;
  isForgotten = false;
  asked = 0;

  /** The happenings that are possible now. */
  possible(): readonly LifeEvent[] {
    if (this.isForgotten) return [];
    if (this.run === 'launching') return ['started', 'failed', 'again'];
    if (this.run === 'running') return ['ended', 'again', 'expired'];
    return this.isArmed ? ['due'] : [];
  }

  send(event: LifeEvent): void {
    const found = transition(this.state, event);
    if (['started', 'failed', 'again', 'ended', 'expired', 'due'].includes(event)) {
      expect(found, `${event} in ${this.state}`).toBeDefined();
      if (event === 'started') this.run = 'running';
      if (event === 'failed' || event === 'ended' || event === 'again') this.run = 'none';
      if (event === 'due') this.isArmed = false;
    }
    if (found === undefined) return;
    this.state = found.next;
    for (const action of found.actions) this.#act(action);
  }

  #act(action: string): void {
    if (action === 'launch') {
      expect(this.run).toBe('none');
      expect(this.isArmed).toBe(false);
      this.run = 'launching';
    }
    if (action === 'arm') {
      expect(this.run).toBe('none');
      expect(this.isArmed).toBe(false);
      this.isArmed = true;
    }
    if (action === 'disarm') this.isArmed = false;
    if (action === 'end') this.asked += 1;
    if (action === 'forget') {
      expect(this.run).toBe('none');
      expect(this.isArmed).toBe(false);
      this.isForgotten = true;
    }
  }
}

describe('whatever is asked, whenever', () => {
  const requests = ['start', 'stop', 'restart', 'remove'] as const;

  it('there is never more than one run, and none that nobody waits for', () => {
    const step = fc.record({ asks: fc.boolean(), which: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        for (const { asks, which } of steps) {
          const events = asks ? requests : world.possible();
          const event = events[which % Math.max(1, events.length)];
          if (event !== undefined && !world.isForgotten) world.send(event);
          const rests = ['created', 'exited'].includes(world.state) || world.isForgotten;
          if (rests) expect([world.run, world.isArmed]).toEqual(['none', false]);
          if (world.state === 'waiting') expect([world.run, world.isArmed]).toEqual(['none', true]);
          if (world.state === 'running') expect(world.run).toBe('running');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(LIFE_STATES)('what is asked to be removed in %s is, once what runs has ended', (state) => {
    for (const run of state === 'removing' ? (['launching', 'running'] as const) : RUNS[state]) {
      const world = Object.assign(new World(), { state, run, isArmed: state === 'waiting' });
      world.send('remove');
      if (world.run === 'launching') world.send('started');
      if (world.run === 'running') world.send('ended');
      expect(world.isForgotten).toBe(true);
    }
  });

  it.each(['starting', 'running', 'stopping', 'restarting'] as const)('a stop in %s is one, and holds', (state) => {
    for (const run of RUNS[state]) {
      const world = Object.assign(new World(), { state, run });
      world.send('stop');
      if (world.run === 'launching') world.send('started');
      expect(world.asked).toBeGreaterThan(0);
      world.send('ended');
      expect(world.state).toBe('exited');
    }
  });
});

/** What there can be of a run in each state. */
const RUNS: Readonly<Record<Exclude<LifeState, 'removing'>, readonly World['run'][]>> = {
  created: ['none'],
  starting: ['launching'],
  running: ['running'],
  stopping: ['launching', 'running'],
  restarting: ['launching', 'running'],
  waiting: ['none'],
  exited: ['none'],
};
