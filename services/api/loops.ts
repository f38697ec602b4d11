import type { AuditChain } from '../core/access/index.ts';
import type { ForgeAccess } from '../core/forge/index.ts';
import type { Log } from '../core/log/index.ts';
import type { Crons, Measures, Outbox, Queue, Repositories, Schema } from '../core/queue/index.ts';
import type { Tracer } from '../core/trace/index.ts';
import type { Archiver } from './archive/archiver.ts';
import type { Artifacts } from './artifacts/artifacts.ts';
import type { HeadExport } from './audit-heads.ts';
import { createFiring } from './crons/firing.ts';
import type { JobWatch } from './job-watch.ts';
import type { Metrics } from './metrics.ts';
import type { Reconciler } from './reconcile/reconciler.ts';
import { createRegistration, type RegisterDeps } from './register.ts';
import { repeat } from './repeat.ts';
import { createPoster } from './statuses/poster.ts';

export interface LoopDeps {
  /** The forges that are told of commits. */
  accesses: readonly ForgeAccess[];
  /** Undefined where logs stay in Redis. */
  archiver: Pick<Archiver, 'pass'> | undefined;
  artifacts: Pick<Artifacts, 'sweep'>;
  audit: Pick<AuditChain, 'writeRefusals'>;
  crons: Crons;
  heads: HeadExport;
  measures: Pick<Measures, 'fold'>;
  metrics: Metrics;
  outbox: Outbox;
  queue: Queue;
  lookups: RegisterDeps['lookups'];
  reconciler: Reconciler;
  repositories: Repositories;
  schema: Pick<Schema, 'refusal' | 'renew'>;
  tracer: Tracer;
  watch: Pick<JobWatch, 'run'>;
  log: Log;
  publicUrl: string;
  /** Repositories that are to be registered, and the pool of each. */
  wanted: ReadonlyMap<string, string> | undefined;
  tickMs: number;
  signal: AbortSignal;
}

/**
 * What the api does by itself, again and again. Every replica does all of it: no one leads, so each of these may run
 * beside itself. Returns when the signal has ended them all.
 */
export async function runLoops(deps: LoopDeps): Promise<void> {
  const { accesses, archiver, artifacts, audit, heads, log, measures, queue, reconciler, schema, signal } =
    deps;
  const { wanted } = deps;
  const loop = { log, signal };
  const always = (name: string, everyMs: number, action: () => Promise<void>) =>
    repeat(name, everyMs, action, loop);
  /** What changes the queue waits while Redis holds what this version must not touch. */
  const unlessRefused = (name: string, everyMs: number, action: () => Promise<void>) =>
    always(name, everyMs, async () => {
      if (schema.refusal() === undefined) await action();
    });
  await Promise.all([
    deps.watch.run(signal),
    always('the renewal of the schema', 3000, schema.renew),
    unlessRefused('the count of what happened', 1000, () => measures.fold()),
    unlessRefused('the tick of the queue', deps.tickMs, () => queue.tick()),
    unlessRefused('the comparison of heads', 1000, () => reconciler.settle()),
    unlessRefused('the look at crons', 10_000, createFiring(deps)),
    always('the head of the audit log', 60_000, heads.measure),
    always('the export of the audit log’s head', 3_600_000, heads.tell),
    always('the record of refusals', 300_000, audit.writeRefusals),
    archiver && unlessRefused('the archive of logs', 5000, () => archiver.pass(signal)),
    unlessRefused('the sweep of artifacts', 60_000, () => artifacts.sweep(signal)),
    always('the list of forges to compare', 60_000, () => reconciler.oweForges()),
    wanted &&
      unlessRefused(
        'the registration of what the settings name',
        60_000,
        createRegistration({ ...deps, wanted }),
      ),
    ...accesses.map((access) => {
      const post = createPoster({ ...deps, access });
      return unlessRefused(`telling ${access.forge} of commits`, 1000, () => post(signal));
    }),
  ]);
}
