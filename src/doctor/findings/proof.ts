import type { DoctorFacts, Finding, Group } from '../types.js';
import { failed } from './cgroups.js';

/** A container, really started. */
export function diagnoseProof({ trials }: DoctorFacts): Group {
  const about = { id: 'proof.container', subject: 'a container with true' };
  const { container, bare } = trials;
  if (container.ok) {
    const { startedMs = 0, goneMs = 0 } = container;
    const detail = `started in ${String(startedMs)}ms, gone after ${String(goneMs)}ms`;
    return { name: 'proof', summary: `a container ${detail}`, findings: [{ ...about, status: 'ok', detail }] };
  }
  const proof = failed(about, container, 'corral run does not work here: what is missing above says why');
  return {
    name: 'proof',
    summary: proof.detail,
    findings: [proof, ...(bare === undefined ? [] : [withoutIsolation(bare)])],
  };
}

function withoutIsolation(trial: NonNullable<DoctorFacts['trials']['bare']>): Finding {
  const about = { id: 'proof.cgroup-only', subject: 'the same with --isolation cgroup' };
  if (trial.ok) return { ...about, status: 'ok', detail: 'it works' };
  return failed(about, trial, 'corral can run nothing here');
}
