import type {
  Agents,
  Claim,
  CompleteAnswer,
  Completion,
  HeartbeatAnswer,
  Job,
  JobAnswer,
  JobEvent,
  JobSpec,
  JobState,
  Lineage,
  LogAnswer,
  PipelineView,
  Pool,
  QueueView,
  SavedCaches,
  StepFact,
} from '../job/index.ts';

/** One job of a pipeline that is about to be enqueued. */
export interface NewJob {
  spec: JobSpec;
  pool: string;
  /** Names of workflows of the same pipeline that must be done first. @default none */
  needs?: string[];
  /**
   * When its needs are done: `success` runs only after success of all, `failure` only after success of none,
   * `always` in any case. @default success
   */
  runs?: 'success' | 'failure' | 'always';
  /** At most `limit` jobs of one group run at a time. @default no group */
  group?: { name: string; limit: number };
  /** 0 (urgent) to 9. @default 5 */
  priority?: number;
  /** Waits for `approve`, with this reason. @default does not wait */
  awaits?: string;
}

/** What made a pipeline: a ref that moved, or a person (or a record) that asked. */
export type Cause =
  | {
      kind: 'ref';
      repository: string;
      ref: string;
      event: JobSpec['event'];
      /** Where the ref stood before; zeros or absent for a new one. */
      before?: string;
      after: string;
      /** The pull request's number, where `event` is `pull_request`. */
      pullRequest?: number;
    }
  | {
      kind: 'told';
      repository: string;
      event: JobSpec['event'];
      /** Which one of its kind; the same again is the same event. */
      occasion: string;
    }
  | {
      kind: 'asked';
      repository: string /** Unique for each asking: an idempotency key, or random. */;
      key: string;
    }
  | {
      kind: 'cron';
      repository: string;
      name: string /** By its schedule, milliseconds since 1970. */;
      dueAt: number;
    };

export interface EnqueueRequest extends Quota {
  cause: Cause;
  /** Names what was delivered, the same for each delivery of it; remembered for 7 days. */
  delivery?: string;
  /**
   * Its jobs are of the lane of their repository, event and ref. Of what comes as `newest` only the really newest goes
   * on, and all that is older in the lane is cancelled, in whatever order they come; a `member` is there to be
   * cancelled. @default of no lane
   */
  lane?: 'newest' | 'member';
  /** At least one; all or none are taken. */
  jobs: NewJob[];
}

/** What one repository may have. */
export interface Quota {
  /** Unfinished jobs. @default the limit of every repository */
  most?: number;
  /**
   * Jobs that begin in an hour, which begins with a first one. What a forge told of waits, `delayed`, for an hour that
   * has room; whoever asks is told `full`. @default as many as come
   */
  perHour?: number;
}

export type EnqueueResult = { answer: 'enqueued' | 'dup'; pipeline: string; jobs: string[] } | Full;

/** An admission cap is reached. */
export interface Full {
  answer: 'full';
  of: 'all' | 'pool' | 'repository' | 'hour';
  most: number;
  /** Of an hour: when the next one has room. */
  afterMs?: number;
}

export type RerunResult =
  | EnqueueResult
  /** Unknown pipeline; one that has not ended; one of which everything succeeded. */
  | { answer: 'unknown' }
  | { answer: 'running' }
  | { answer: 'nothing' };

/** What the tree of a job holds beside what the job itself runs. */
export interface Found {
  /** The workflow that the job itself runs; by this name others may need it. @default not told */
  own?: string | undefined;
  jobs: readonly (Pick<JobSpec, 'workflow' | 'entry' | 'axes'> &
    Pick<NewJob, 'needs' | 'runs' | 'group'> & {
      /** @default the job's own */
      pool?: string;
      timeLimitMs?: number | undefined;
    })[];
}

export interface ClaimRequest {
  pool: string;
  agent: string;
  prefer?: string;
  /** sha256 (hex) of the token that the api makes for the claim; it dies with the fence. */
  tokenHash: string;
}

/** What the queue knows of a claim; the api adds the token, the clone address and the page. */
export type Claimed = Pick<Claim, 'job' | 'spec' | 'attempt' | 'fence' | 'leaseMs'>;

export interface JobFilter {
  repository?: string;
  /** Of these only. @default all */
  repositories?: readonly string[] | undefined;
  branch?: string | undefined;
  author?: string | undefined;
  /** In one of these. @default any */
  states?: readonly JobState[] | undefined;
  pool?: string | undefined;
  /** Part of a name or a subject, or the beginning of an id or a commit. */
  search?: string | undefined;
  limit: number;
  /** From the `next` of the page before. */
  cursor?: string;
}

export interface WaitingFilter {
  pool?: string;
  limit: number;
  /** Of these only, and then without a place, which would count the others. @default all */
  repositories?: readonly string[] | undefined;
}

/** Jobs without their steps, newest first, and the event from which a reader goes on. */
export interface JobPage {
  jobs: Job[];
  next?: string;
  event: string;
}

export interface LogChunk {
  n: number;
  step: string;
  /** Inflated: the exact bytes that the step wrote. */
  bytes: Uint8Array;
}

/** Where some bytes of a log stand, so that they are read without those before and after. */
export interface LogSpan {
  /** The newest attempt's; 0 before the first one. */
  fence: number;
  /** Bytes of the whole log, until now. */
  size: number;
  /** They begin in the chunk after this one, … */
  after: number;
  /** … so many bytes into it, … */
  skip: number;
  /** … and end in this one. */
  until: number;
}

export type FollowedEvent = { id: string; event: JobEvent } | { reset: true };

/**
 * How jobs travel. Every method that changes a job is one Lua script: atomic, by Redis' clock, safe to
 * repeat. A method rejects with `QueueError` when Redis does not answer in time: nothing is then known
 * of the call, and repeating it is right.
 */
export interface Queue {
  enqueue(request: EnqueueRequest): Promise<EnqueueResult>;
  /** Adds the jobs that an agent found in its tree; idempotent; refused under an old fence. */
  expand(id: string, fence: number, found: Found): Promise<'done' | 'stale'>;
  claim(request: ClaimRequest): Promise<Claimed | undefined>;
  /**
   * The fence that this token holds, or undefined: wrong token, other job, or its fence has gone.
   *
   * @param settled also for one lease after the job's own `complete`, whose answer may have been lost
   */
  authenticate(id: string, tokenHash: string, settled?: boolean): Promise<number | undefined>;
  heartbeat(id: string, fence: number): Promise<HeartbeatAnswer['answer']>;
  step(id: string, fence: number, fact: StepFact): Promise<'done' | 'stale'>;
  complete(id: string, fence: number, completion: Completion): Promise<CompleteAnswer['answer']>;
  /** What the caches in its result have kept, which is known when the outcome has long been told. */
  addSaved(id: string, saved: SavedCaches): Promise<'done' | 'unknown'>;
  cancel(id: string, by: string): Promise<'done' | 'final' | 'unknown'>;
  /** A parent saw its agent die: the same as a lease that ran out, at once. */
  lost(agent: string, reason: string): Promise<'done' | 'unknown'>;
  /** Jobs of this commit that awaited approval go on; how many there were. */
  approve(pipeline: string, sha: string): Promise<number>;
  /** They are let go without running; what needs them goes on as after any skipped job. */
  skip(pipeline: string, sha: string, reason: string): Promise<number>;
  /**
   * Runs a pipeline that has ended once more, as a new one in which what succeeded stands. Asking again answers
   * `dup` with the same new pipeline.
   */
  rerun(pipeline: string, quota?: Quota): Promise<RerunResult>;
  /** Jobs that were given up, the last one first. */
  deadLetters(filter: { limit: number; cursor?: string }): Promise<JobPage>;
  /** A dead job goes back into the queue with fresh counts. */
  requeue(id: string): Promise<'done' | 'not-dead'>;
  tick(): Promise<void>;
  /** Every invariant of the page; empty when all hold. */
  audit(): Promise<string[]>;
  /** Makes again, from the jobs themselves, what does not agree with them; says what it mended. */
  repair(): Promise<string[]>;

  /** Where a job's pipeline stands among those of its repository. */
  lineage(id: string): Promise<Lineage | undefined>;
  job(id: string): Promise<JobAnswer | undefined>;
  jobs(filter: JobFilter): Promise<JobPage>;
  pipeline(id: string): Promise<{ jobs: string[] } | undefined>;
  /** What an asking with this key made, if there was one. */
  asked(repository: string, key: string): Promise<{ pipeline: string; jobs: string[] } | undefined>;
  /** Text that changes whenever a job does, or what is told of it when it has ended, or comes, or is forgotten. */
  mark(): Promise<string>;
  /** Who runs what, or only who runs jobs of these repositories; at most 500. */
  agents(repositories?: readonly string[]): Promise<Agents>;
  /** With the numbers of all jobs, or only of these repositories'. */
  pools(repositories?: readonly string[]): Promise<Pool[]>;
  /** What waits, at most `limit` of each pool and of those that cannot be claimed yet. */
  waiting(filter: WaitingFilter): Promise<QueueView>;
  pipelineView(id: string): Promise<PipelineView | undefined>;

  /** @param dropped in place of bytes: how many came after the log was full; its last word */
  appendLog(
    id: string,
    fence: number,
    n: number,
    step: string,
    bytes: Uint8Array,
    dropped?: number,
  ): Promise<LogAnswer>;
  /** Where the bytes `from` to `to` of the newest fence (or of `fence`) stand, both included; without `to` to the end. */
  seekLog(id: string, bytes: { from: number; to?: number; fence?: number }): Promise<LogSpan>;
  /** Chunks after `after` of the newest fence (or of `fence`), none after `until`, some at a time. */
  readLog(
    id: string,
    from: { fence?: number; after: number; until?: number },
  ): Promise<{ fence: number; chunks: LogChunk[] }>;

  /** The last sha that the queue has seen of each ref. */
  heads(repository: string): Promise<Map<string, string>>;
  /**
   * A ref is gone: its head is forgotten and its epoch rises.
   *
   * @param once names what was heard: within 7 days the same again changes nothing
   */
  removeHead(repository: string, ref: string, once?: string): Promise<void>;
  /** A ref stands here, and that starts nothing: its author asked to skip. `once` as above. */
  noteHead(repository: string, ref: string, sha: string, once?: string): Promise<void>;

  /** The newest events that moved no ref and were heard, as `noteTold` was given them. */
  told(repository: string): Promise<Set<string>>;
  /** One was heard: it is not news when its forge is asked. */
  noteTold(repository: string, event: string): Promise<void>;

  /** How many jobs there are in each state. */
  counts(): Promise<Map<JobState, number>>;
}

/** Follows what others decide: two blocking reads for a whole process, however many readers it has. */
export interface Follower {
  /** Events after `from` (an event id); ends when the signal aborts. A too old `from` yields `reset`. */
  events(from: string, signal: AbortSignal): AsyncIterable<FollowedEvent>;
  /**
   * The same, for who only waits: jobs whose state changed. What happened is not looked up, so following every
   * job of a busy queue costs no call to Redis beside the blocking read.
   */
  changes(from: string, signal: AbortSignal): AsyncIterable<{ job: string } | { reset: true }>;
  /** Chunks as they come, until the job has ended and its log is drained, or the signal aborts. */
  log(
    id: string,
    from: { fence?: number; after: number },
    signal: AbortSignal,
  ): AsyncIterable<{ fence: number; chunk: LogChunk }>;
  close(): Promise<void>;
}
