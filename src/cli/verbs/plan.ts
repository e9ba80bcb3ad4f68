import { formatPlan } from '../../plan/format.js';
import { defined } from '../../util/defined.js';
import { EXIT } from '../exit-codes.js';
import { readLaunchOptions } from '../launch-options.js';
import { takeDetachFlags } from '../flags/detach.js';
import { printOut } from '../print.js';
import type { Verb, VerbCall } from '../verb.js';
import { RUN_FLAGS, type RunFlags } from '../flags/run.js';

interface PlanFlags extends RunFlags {
  readonly json?: true;
}

/** `corral plan` */
export const plan: Verb = {
  operands: '[command...]',
  description:
    'Shows what run would do with the same flags, step by step. It needs no privileges, and neither runs nor makes anything.',
  flags: {
    json: { flags: '--json', help: 'as JSON', group: 'Output', value: true },
    ...RUN_FLAGS,
  },
  takesCommand: true,
  examples: [
    ['corral plan -m 256M --net none sh', 'the cgroup, the clone, and every step up to exec'],
    ['corral plan --json sh | jq .clone.flags', 'for programs'],
  ],
  act: showPlan,
};

async function showPlan({ operands, options, context }: VerbCall<PlanFlags>): Promise<number> {
  const { json, interactive: _i, quiet: _q, result: _r, cidfile: _c, ...flags } = takeDetachFlags(options).rest;
  const { command, options: all, blame } = await readLaunchOptions(operands, flags, 'plan');
  const { timeout, stopSignal, gracePeriod, ...container } = all;
  const [{ prepare }, { checkEnding }] = await Promise.all([
    import('../../container/prepare.js'),
    import('../../container/ending.js'),
  ]);
  const ending = defined({ timeout, stopSignal, gracePeriod });
  try {
    checkEnding(ending);
    const { plan: planned } = prepare(command, container, context);
    printOut(json === true ? formatJson(planned) : formatPlan(planned));
  } catch (error) {
    throw blame(error);
  }
  return EXIT.ok;
}

// JSON has no bytes and no bigint, and a number beyond 2^53 would be read as another one.
function formatJson(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, part: unknown) => {
      if (part instanceof Uint8Array) return Buffer.from(part).toString('base64');
      if (typeof part !== 'bigint') return part;
      return part <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(part) : String(part);
    },
    2,
  );
  return `${text}\n`;
}
