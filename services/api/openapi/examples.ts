const id = '4f1c2a9be07d53a68c10';
const spec = {
  repository: 'local/ada/engine',
  event: 'push',
  ref: 'refs/heads/main',
  branch: 'main',
  sha: '7fd1a60b01f91b314f59955a4e4d4e80d8edf11d',
  subject: 'Count with cogs',
  author: 'Ada',
  defaultBranch: 'main',
  workflow: 'test',
  timeLimitMs: 3_600_000,
};
const step = { name: 'cargo test', state: 'running', startedAt: 1_790_000_001_200 };
const job = {
  id,
  pipeline: '0b7e5d31c2f84a96be17',
  pool: 'default',
  spec,
  state: 'running',
  cancelling: false,
  attempt: 1,
  fence: 1,
  agent: 'agent-4f1c2a9b',
  createdAt: 1_790_000_000_000,
  queuedAt: 1_790_000_000_000,
  startedAt: 1_790_000_000_400,
  steps: [step],
};
const result = {
  cloneMs: 210,
  steps: [{ name: 'cargo test', ms: 8400, cpuMs: 15_900, peakBytes: 410_000_000 }],
  caches: [{ name: 'cargo', hit: 'exact', bytes: 96_000_000, ms: 700 }],
  tests: { passed: 118, failed: 1, skipped: 2, failing: ['cogs::turn_backwards'] },
  coverage: { covered: 812, total: 1000 },
  artifacts: { count: 2, bytes: 4_200_000 },
};
const repository = {
  id: 'local/ada/engine',
  forge: 'local',
  name: 'ada/engine',
  defaultBranch: 'main',
  pool: 'default',
  timeLimitMs: 3_600_000,
};
const queued = { ...job, state: 'queued', attempt: 0, fence: 0, steps: [] };
const entry = { job: queued, place: 1, class: 5, needs: [] };
const token = {
  name: 'deploy',
  role: 'trigger',
  repositories: ['local/ada/engine'],
  createdBy: 'user:gitea:7 (Ada)',
  createdAt: 1_790_000_000_000,
  expiresAt: 1_797_776_000_000,
};
const event = '1790000001200-0';

/** One of each named schema, as the explorer shows it and a newcomer reads it. */
export const examples: Readonly<Record<string, unknown>> = {
  Step: step,
  JobSpec: spec,
  Job: job,
  JobPage: { jobs: [{ ...job, steps: [] }], next: '41', event },
  JobResult: result,
  JobAnswer: { job, event, result },
  JobEvent: { type: 'step', job: id, at: 1_790_000_001_200, fence: 1, step },
  Trigger: { repository: 'local/ada/engine', ref: 'refs/heads/main' },
  Accepted: {
    answer: 'enqueued',
    pipeline: job.pipeline,
    jobs: [id],
    page: `http://127.0.0.1:7440/jobs/${id}`,
  },
  LogText: { step: 'cargo test', text: 'running 12 tests\n' },
  Artifact: {
    path: 'dist/engine.tar.gz',
    size: 48_213,
    sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  },
  Repository: repository,
  RepositoryPatch: { timeLimitMs: 600_000 },
  ClaimRequest: { pool: 'default', agent: 'agent-4f1c2a9b' },
  Claim: {
    job: id,
    spec,
    attempt: 1,
    fence: 1,
    token: 'the token of this job',
    leaseMs: 30_000,
    clone: { url: 'http://127.0.0.1:7441/ada/engine.git' },
    page: `http://127.0.0.1:7440/jobs/${id}`,
    protocol: 2,
  },
  StepFact: { name: 'cargo test', state: 'success', exitCode: 0 },
  Outcome: { outcome: 'failure', reason: 'cargo test: exit 101', exitCode: 101 },
  Completion: { outcome: 'success', result },
  Agent: {
    agent: 'agent-4f1c2a9b',
    job: id,
    pool: 'default',
    repository: 'local/ada/engine',
    since: 1_790_000_000_400,
    heardAt: 1_790_000_010_400,
    attempt: 1,
  },
  Pool: { pool: 'default', queued: 2, running: 1, oldest: 1_790_000_000_000 },
  QueueEntry: entry,
  Queue: { jobs: [entry], counts: { queued: 1, blocked: 0, waiting: 0, delayed: 0 } },
  Pipeline: {
    pipeline: job.pipeline,
    counts: { running: 1 },
    jobs: [{ job: { ...job, steps: [] }, needs: [] }],
    event,
  },
  ApiToken: { ...token, lastUsed: '2026-09-21' },
  CreatedToken: { ...token, token: 'bt_ and 43 letters and digits' },
  NewToken: { name: 'deploy', role: 'trigger', repositories: ['local/ada/engine'], expiresInDays: 90 },
  Me: { actor: 'token:deploy', role: 'trigger', repositories: ['local/ada/engine'], token: 'deploy' },
  Session: {
    id: '0123456789abcdef',
    actor: 'user:gitea:7',
    name: 'Ada',
    role: 'admin',
    createdAt: 1_790_000_000_000,
    endsAt: 1_790_604_800_000,
    current: true,
  },
  AuditPage: {
    entries: [
      {
        n: 1,
        text: '{"n":1,"at":1790000000000,"event":"begun","actor":"token:deploy","action":"POST /api/v1/jobs","target":"/api/v1/jobs"}',
        hash: '0e6c2f0c3ce1b1a9b2f0c8f3f4ee8a4c1b8c86b0e3aa3f7c5d2d53bd3a1f9f61',
      },
    ],
    anchor: { n: 0, hash: '0'.repeat(64) },
    head: { n: 1, hash: '0e6c2f0c3ce1b1a9b2f0c8f3f4ee8a4c1b8c86b0e3aa3f7c5d2d53bd3a1f9f61' },
  },
  Problem: {
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    detail: `Job ${id} has already ended: success.`,
    instance: `/api/v1/jobs/${id}/cancel`,
  },
};
