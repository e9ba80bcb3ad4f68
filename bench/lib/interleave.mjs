// Runs what is compared side by side: round by round, in another order each round, so that a disturbance of the machine
// falls on all of them alike.
import { setTimeout as delay } from 'node:timers/promises';
import { pairedRatio, summarize } from './stats.mjs';

/**
 * @typedef {object} Participant
 * @property {string} name
 * @property {number} [perRound] - samples a round, where it is not the plan's
 * @property {number} [rounds] - takes part in the first so many rounds only; with 1, without a warm-up
 * @property {() => void | Promise<void>} [start]
 * @property {(count: number) => number[] | Promise<number[]>} sample
 * @property {() => void | Promise<void>} [stop]
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {number[][]} rounds
 * @property {import('./stats.mjs').Summary | null} summary - null without a single sample
 * @property {import('./stats.mjs').Summary & { to: string }} [ratio] - to the row of that name, itself included
 */

/**
 * @param {readonly Participant[]} participants
 * @param {{ rounds: number, perRound: number, warmup?: number, pauseMs?: number, random?: () => number }} plan
 *   warmup: rounds that are not counted;
 *   pauseMs: between two participants, so that what the kernel clears away later is not put down to the next one
 * @returns {Promise<Row[]>}
 */
export async function interleave(participants, plan) {
  const started = [];
  try {
    for (const participant of participants) {
      started.push(participant);
      await participant.start?.();
    }
    const results = await runRounds(participants, plan);
    return participants.map(({ name }) => toRow(name, results.get(name)));
  } finally {
    for (const participant of started) await participant.stop?.();
  }
}

async function runRounds(participants, { rounds, perRound, warmup = 1, pauseMs = 40, random = Math.random }) {
  const results = new Map(participants.map(({ name }) => [name, []]));
  for (let round = -warmup; round < rounds; round++) {
    const taking = participants.filter((participant) => takesPart(participant, round, rounds));
    for (const [name, samples] of await runRound(shuffle(taking, random), perRound, pauseMs)) {
      if (round >= 0) results.get(name).push(samples);
    }
  }
  return results;
}

function takesPart(participant, round, rounds) {
  return round < 0 ? participant.rounds !== 1 : round < (participant.rounds ?? rounds);
}

async function runRound(participants, perRound, pauseMs) {
  const measured = [];
  for (const participant of participants) {
    measured.push([participant.name, await participant.sample(participant.perRound ?? perRound)]);
    await delay(pauseMs);
  }
  return measured;
}

/** @returns {Row} */
export function toRow(name, rounds) {
  const samples = rounds.flat();
  return { name, rounds, summary: samples.length === 0 ? null : summarize(samples) };
}

/**
 * Adds to each row the ratio to the row of that name.
 *
 * @param {readonly Row[]} rows
 * @param {string} baseName
 * @returns {Row[]}
 */
export function withRatios(rows, baseName) {
  const base = rows.find(({ name }) => name === baseName);
  return rows.map((row) => ({ ...row, ratio: { to: baseName, ...pairedRatio(row.rounds, base.rounds) } }));
}

/** Fisher and Yates. */
export function shuffle(items, random) {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
  }
  return shuffled;
}
