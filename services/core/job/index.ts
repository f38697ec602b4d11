/** What a job is: its states, its events, and the one way to follow them. No I/O. */
export * from './access-protocol.ts';
export * from './agent-protocol.ts';
export * from './api-protocol.ts';
export { apply, closeSteps } from './apply.ts';
export * from './artifact.ts';
export * from './commit-status.ts';
export * from './cron.ts';
export * from './event.ts';
export { toId } from './id.ts';
export * from './job.ts';
export * from './repository.ts';
export * from './result.ts';
export { isFound } from './search.ts';
export * from './secret.ts';
export * from './spec.ts';
export * from './state.ts';
export * from './survey.ts';
export { toTitle } from './title.ts';
