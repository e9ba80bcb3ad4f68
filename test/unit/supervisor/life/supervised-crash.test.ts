import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RecordFile } from '../../../../src/supervisor/record/record-file.js';
import type { Supervised } from '../../../../src/supervisor/life/supervised.js';
import { Bench, Machine } from '../../../helpers/supervised.js';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  bench[Symbol.dispose]();
});

/** What is done to a container, in turns; the supervisor dies at the so-manieth line that it writes. */
type Act = 'start' | 'stop' | 'kill' | 'restart' | 'exit' | 'fail' | 'wait';

describe('a supervisor that is killed at any line that it writes', () => {
  const acts = fc.constantFrom<Act>('start', 'stop', 'kill', 'restart', 'exit', 'fail', 'wait');
  const policies = fc.constantFrom('no', 'on-failure', 'always', 'unless-stopped');

  it('has lost nothing, doubled nothing, and the next one goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(acts, { minLength: 1, maxLength: 8 }),
        policies,
        fc.nat(25),
        fc.boolean(),
        async (script, name, deadline, isWritten) => {
          bench.machine = new Machine();
          vi.clearAllTimers();
          let web = bench.make({ restart: { name } }, 'up');
          let lines = 0;
          const add = Object.getOwnPropertyDescriptor(RecordFile.prototype, 'add')?.value as RecordFile['add'];
          const spy = vi.spyOn(RecordFile.prototype, 'add').mockImplementation(function (this: RecordFile, change) {
            if (bench.machine.isDead) return;
            lines += 1;
            if (lines <= deadline || isWritten) add.call(this, change);
            bench.machine.isDead = lines > deadline;
          });
          await web.recover();
          for (const act of script) {
            if (bench.machine.isDead) break;
            await perform(web, act);
          }
          spy.mockRestore();
          vi.clearAllTimers();
          const wanted = RecordFile.load(bench.path)?.record;
          web = await bench.again();
          // Never two, and none that is not the record's.
          if (bench.machine.live !== undefined) expect(bench.machine.live.run).toBe(web.record.run);
          expect(bench.machine.live !== undefined).toBe(['running', 'stopping', 'restarting'].includes(web.state));
          await vi.advanceTimersByTimeAsync(200_000);
          if (wanted?.desired === 'down' && (wanted.ending ?? null) === null && bench.machine.live === undefined) {
            expect(web.isIdle).toBe(true);
          }
          await web.remove();
          expect(bench.machine.live).toBeUndefined();
        },
      ),
      { numRuns: 400 },
    );
  });

  async function perform(web: Supervised, act: Act): Promise<void> {
    const asked = (request: Promise<unknown>): void => void request.catch(() => undefined);
    if (act === 'start') asked(web.start());
    if (act === 'stop') asked(web.end({ how: 'stop' }));
    if (act === 'kill') asked(web.end({ how: 'kill' }));
    if (act === 'restart') asked(web.restart());
    if (act === 'exit') bench.machine.end({ exitCode: 0, signal: null });
    if (act === 'fail') bench.machine.end({ exitCode: 1, signal: null });
    await vi.advanceTimersByTimeAsync(act === 'wait' ? 1000 : 0);
  }
});
