/** How jobs travel: the only Redis vocabulary of jobs. */
export { type ArchivedLog, createUnarchived, type LogArchive, type Unarchived } from './archive.ts';
export { type Bundle, type BundleRoom, type Bundles, createBundles, type Litter } from './bundles.ts';
export { createQueue, type QueueDeps } from './create-queue.ts';
export { type Crons, createCrons, type KnownCron } from './crons.ts';
export { QueueError, type QueueErrorCode } from './error.ts';
export { createFollower, type FollowerDeps } from './follower.ts';
export { ticketsKey } from './keys.ts';
export { defaultLimits, deliveryMs, type Limits, toTickMs } from './limits.ts';
export {
  createMeasures,
  type Distribution,
  type Measures,
  type PoolDepth,
  ranBounds,
  type Totals,
  waitedBounds,
} from './measures.ts';
export { createOutbox, type Outbox, type OutboxState, type TakenStatus } from './outbox.ts';
export * from './queue.ts';
export { findReplicaFaults, type Replication } from './replicated.ts';
export { createRepositories, type Repositories, type Watch } from './repositories.ts';
export { toExpanded } from './rerun.ts';
export { createSchema, ownRange, type Schema, type SchemaRange } from './schema.ts';
