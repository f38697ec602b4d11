/**
 * Every Redis key of the queue, spelt here and nowhere else: the scripts get these names by `luaNames`,
 * the charts name a pool's stream by `ticketsKey`. Pure: no import, no I/O.
 *
 * One hash tag keeps the control keys in one slot of a Redis Cluster, so that one script may touch them all.
 * Logs are large and touched alone: each job's have a slot of their own.
 *
 * | key                | type   | holds                                             | written by                    | gone |
 * |--------------------|--------|---------------------------------------------------|-------------------------------|------|
 * | seq                | STRING | the last sequence number                          | whoever makes a job, or makes it ready again; addSaved | never |
 * | epoch              | STRING | how many refs were removed                        | removeHead                    | never |
 * | tick               | HASH   | `at`: the last tick; how far it looked who rises  | tick                          | never |
 * | schema             | HASH   | `version` of what is here; `api <name>` → what it serves, until when | serve, leave    | an api's with its lease |
 * | counts             | HASH   | state → jobs, where no other key counts them      | all that change a job         | never |
 * | events             | STREAM | what was decided, in order                        | all that change a job, step   | trimmed by tick |
 * | index, repo:<repo> | ZSET   | job, by sequence                                  | enqueue expand rerun          | with the job |
 * | job:<id>           | HASH   | small values only, so that it stays a listpack    | all that change a job         | trimmed by tick |
 * | spec:<id>          | STRING | the spec, packed; never changed                   | enqueue expand rerun          | with the job |
 * | reason:<id>        | STRING | why it is in its state                            | all that change a job         | with the reason |
 * | result:<id>        | STRING | what its last agent measured, packed              | complete, addSaved, claim (forgets) | with the job |
 * | steps:<id>         | HASH   | step → place, state, times, exit code             | step, claim (forgets)         | with the job |
 * | needs:<id>         | HASH   | job that it still waits for → its name            | enqueue rerun, whoever finishes one | when met |
 * | dependents:<id>    | SET    | jobs that wait for it                             | the same                      | when it ends |
 * | pipeline:<id>      | HASH   | job → its place                                   | enqueue expand rerun          | with its last job |
 * | pools              | SET    | every pool that ever had a ready job              | whoever makes a job ready     | never |
 * | ready:<pool>       | ZSET   | sequence and job, by class and virtual time       | the same; claim cancel tick   | when claimed |
 * | fair:<pool>:<class>| HASH   | repository → its last virtual time, how many wait | whoever makes or takes a ready job | with its last one there |
 * | tickets:<pool>     | STREAM | one entry for each queued job: what KEDA counts   | the same as ready             | when claimed |
 * | leases, deadlines  | ZSET   | running job, by when it is lost, by when too late | claim heartbeat tick          | when it stops running |
 * | agents             | HASH   | agent → the job that it runs                      | claim                         | when it stops running |
 * | delayed            | ZSET   | job, by when it is tried again                    | complete                      | tick |
 * | permits:<group>    | SET    | jobs that are queued or running                   | whoever places or ends a job  | when empty |
 * | blocked:<group>    | ZSET   | jobs that wait for a permit, by sequence          | the same                      | when empty |
 * | unfinished         | HASH   | `repo <id>`, `pool <name>` → unfinished jobs      | all that make or end a job    | never |
 * | hour:<repo>        | HASH   | since when, how many jobs it has begun, how many it may | enqueue expand rerun     | with the last hour that they fill |
 * | lane:<id>          | SET    | unfinished jobs of a ref and event of which a newer pipeline cancels the older | whoever makes or ends a job | when empty |
 * | trail:<id>         | HASH   | of a lane: epoch and commit → the commit that its ref went to from there | enqueue | 7 days after the last |
 * | dead               | ZSET   | job that was given up, by time                    | whoever finishes a job, requeue | with the job |
 * | stands:<id>        | SET    | later runs of its pipeline in which it stands     | rerun                         | with the job |
 * | done               | ZSET   | finished job, by time                             | whoever finishes a job        | trimmed by tick |
 * | trash              | LIST   | `<job> <fence>` of logs to unlink                 | tick                          | tick, when unlinked |
 * | unarchived         | ZSET   | job that ran and ended, by when its log may leave | whoever finishes a job        | when archived, requeued |
 * | archived           | ZSET   | job, by when its log was archived; inf: too old   | noteArchived expireArchived   | with the job |
 * | discarded          | LIST   | `<job> <fence>` of logs to remove from the archive | tick, expireArchived         | archiver, when removed |
 * | archiver           | STRING | the process that archives                         | nextUnarchived                | expires |
 * | bundle:<id>        | HASH   | bundle → fence, bytes, files, whole or not, repository; `last`: the last number | openBundle closeBundle | with the job, each when too old |
 * | bundles            | ZSET   | `<job> <bundle>`, by when it is too old           | the same; expireBundles       | when too old, with the job |
 * | stored             | HASH   | repository → bytes of its bundles                 | the same; tick                | when none is left |
 * | litter             | LIST   | `<job> <bundle> <bytes>` to remove from the store | the same                      | the sweep, when removed |
 * | dedupe:<id>        | STRING | pipeline of a delivery, or of one trimmed early; what was heard of a head | enqueue removeHead noteHead, tick | 7 days, 24 hours |
 * | head:<repo>        | HASH   | ref → the last commit seen                        | enqueue removeHead noteHead   | with the ref |
 * | epochs:<repo>      | ZSET   | ref that was removed, by its epoch                | removeHead                    | the newest 10,000 stay |
 * | told:<repo>        | ZSET   | release or deployment that was heard, by when     | noteTold                      | the newest 1,000 stay |
 * | outbox:<forge>     | ZSET   | commit status to be told, by when                 | all that change a job; outbox | when told, or with its job |
 * | statuses           | HASH   | commit status to be told → job, failed tries      | the same                      | the same |
 * | quiet              | HASH   | forge → until when it is told nothing             | outbox                        | never |
 * | untold             | LIST   | what a forge would not be told, the newest first  | outbox                        | the newest 200 stay |
 * | totals             | HASH   | what the metrics count, and the last event counted | measures                     | never; a bounded number of names |
 * | repositories       | HASH   | id → repository                                   | repositories                  | when removed |
 * | latest:<repo>      | HASH   | branch → the first job of its last pipeline, at most 10,000; nameless: how many pipelines it has had | enqueue rerun | with the branch; never |
 * | described          | HASH   | repository → what its forge says of it            | repositories                  | with the repository |
 * | watched            | HASH   | repository → since when its forge is compared, and what of it is still to be noted | repositories | with the repository |
 * | crons              | HASH   | repository and name → cron                        | crons                         | when removed |
 * | fired              | HASH   | the same → when it was due last, and what came of it | crons                      | with the cron |
 * | hooks, hooked      | HASH   | hook → secrets; repository → hook                 | repositories                  | when removed |
 * | ci:{<id>}:log:<fence>, :meta:<fence> | STREAM, HASH | chunks; how far, how much, where archived | appendLog, seal | the stream when archived; with the job, at most 30 days after the last chunk |
 */
export const keyPrefix = 'ci:{q}:';

/** Whole keys. */
const single = {
  seq: 'seq',
  epoch: 'epoch',
  tick: 'tick',
  schema: 'schema',
  counts: 'counts',
  events: 'events',
  index: 'index',
  pools: 'pools',
  leases: 'leases',
  deadlines: 'deadlines',
  agents: 'agents',
  delayed: 'delayed',
  done: 'done',
  dead: 'dead',
  unfinished: 'unfinished',
  trash: 'trash',
  statuses: 'statuses',
  quiet: 'quiet',
  untold: 'untold',
  totals: 'totals',
  unarchived: 'unarchived',
  archived: 'archived',
  discarded: 'discarded',
  archiver: 'archiver',
  bundles: 'bundles',
  stored: 'stored',
  litter: 'litter',
  repositories: 'repositories',
  described: 'described',
  watched: 'watched',
  crons: 'crons',
  fired: 'fired',
  hooks: 'hooks',
  hooked: 'hooked',
} as const;

/** Keys that end in what they are about: a job, a pool, a group, a repository. */
const family = {
  repo: 'repo:',
  job: 'job:',
  spec: 'spec:',
  reason: 'reason:',
  steps: 'steps:',
  result: 'result:',
  needs: 'needs:',
  dependents: 'dependents:',
  pipeline: 'pipeline:',
  stands: 'stands:',
  ready: 'ready:',
  fair: 'fair:',
  tickets: 'tickets:',
  permits: 'permits:',
  blocked: 'blocked:',
  lane: 'lane:',
  trail: 'trail:',
  bundle: 'bundle:',
  dedupe: 'dedupe:',
  head: 'head:',
  epochs: 'epochs:',
  told: 'told:',
  outbox: 'outbox:',
  hour: 'hour:',
  latest: 'latest:',
} as const;

export function toKey(name: keyof typeof single): string {
  return keyPrefix + single[name];
}

export function toKeyOf(name: keyof typeof family, of: string): string {
  return keyPrefix + family[name] + of;
}

/** The stream whose length KEDA scales a pool on. */
export function ticketsKey(pool: string): string {
  return toKeyOf('tickets', pool);
}

export function logKey(id: string, fence: number): string {
  return `ci:{${id}}:log:${fence}`;
}

export function logMetaKey(id: string, fence: number): string {
  return `ci:{${id}}:meta:${fence}`;
}

/** The same names in upper case, as scripts write them; those of a family are prefixes. */
export const luaNames: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...single, ...family }).map(([name, text]) => [name.toUpperCase(), keyPrefix + text]),
);
