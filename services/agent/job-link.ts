import * as z from 'zod';
import type { Transport } from '../core/client/index.ts';
import {
  type BundleFiles,
  bundleSchema,
  type Claim,
  type ClaimRequest,
  type Completion,
  claimSchema,
  completeAnswerSchema,
  heartbeatAnswerSchema,
  jobSecretsSchema,
  logAnswerSchema,
  type NewBundle,
  type StepFact,
  type Workflows,
} from '../core/job/index.ts';

const nothing = z.undefined();
const root = '/api/v1/agent';

/** Takes a job; undefined where none waits. The same agent asking again gets the same job. */
export function claim(
  transport: Transport,
  request: ClaimRequest,
  token: string,
): Promise<Claim | undefined> {
  return transport.call(`${root}/claim`, claimSchema.or(nothing), { method: 'POST', body: request, token });
}

export type JobLink = ReturnType<typeof createJobLink>;

/** What an agent may say of its one job. Every call is safe to repeat. */
export function createJobLink(
  transport: Transport,
  { job, token, leaseMs }: Pick<Claim, 'job' | 'token' | 'leaseMs'>,
) {
  const place = `${root}/jobs/${job}`;
  // Of a dead line we must know while there is time for a beat on another.
  const lateMs = Math.min(5000, Math.floor(leaseMs / 10));
  return {
    /** Held open by the api for up to `waitMs`, and answered at once on a cancel or a loss. */
    heartbeat: (waitMs: number, signal: AbortSignal) =>
      transport.call(`${place}/heartbeat?wait=${waitMs}`, heartbeatAnswerSchema, {
        method: 'POST',
        token,
        signal,
        timeoutMs: waitMs + lateMs,
      }),
    step: (fact: StepFact) =>
      transport.call(`${place}/steps`, z.unknown(), { method: 'POST', body: fact, token }),
    workflows: (found: Workflows) =>
      transport.call(`${place}/workflows`, z.unknown(), { method: 'POST', body: found, token }),
    /** @param dropped in place of bytes: how many came after the log was full */
    log: (n: number, step: string, bytes: Uint8Array, dropped = 0) => {
      const query = `step=${encodeURIComponent(step)}${dropped > 0 ? `&dropped=${dropped}` : ''}`;
      return transport.call(`${place}/log/${n}?${query}`, logAnswerSchema, { method: 'PUT', bytes, token });
    },
    secrets: (names: readonly string[], signal: AbortSignal) =>
      transport.call(`${place}/secrets?names=${names.join(',')}`, jobSecretsSchema, { token, signal }),
    openBundle: (body: NewBundle, signal: AbortSignal) =>
      transport.call(`${place}/artifacts`, bundleSchema, { method: 'POST', body, token, signal }),
    putPart: (bundle: number, part: number, bytes: Uint8Array, signal: AbortSignal) =>
      transport.call(`${place}/artifacts/${bundle}/${part}`, nothing, {
        method: 'PUT',
        bytes,
        token,
        signal,
      }),
    closeBundle: (bundle: number, body: BundleFiles, signal: AbortSignal) =>
      transport.call(`${place}/artifacts/${bundle}`, nothing, { method: 'POST', body, token, signal }),
    complete: (completion: Completion) =>
      transport.call(`${place}/complete`, completeAnswerSchema, { method: 'POST', body: completion, token }),
  };
}
