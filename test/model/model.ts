import type {
  Completion,
  JobResult,
  JobState,
  SavedCaches,
  Step,
  StepFact,
} from '../../services/core/job/index.ts';
import { isFinal, toId, toJobName } from '../../services/core/job/index.ts';
import type { EnqueueRequest, Found, Limits, NewJob, Quota } from '../../services/core/queue/index.ts';
import { toSpec } from '../support/job.ts';

/**
 * The queue once more, from the prose alone: plain lists, no Redis, no time. Slow and easy to believe.
 * Its methods answer what the queue must answer, and `jobs` is what the queue must then hold.
 */
export interface ModelJob {
  id: string;
  pipeline: string;
  repo: string;
  pool: string;
  class: number;
  seq: number;
  sha: string;
  /** What it is called in its pipeline. */
  name: string | undefined;
  /** The workflow that it runs itself, where it is the job that the tree decides about. */
  own: string | undefined;
  limitMs: number;
  state: JobState;
  reason: string | undefined;
  cancelling: boolean;
  by: string | undefined;
  attempt: number;
  fence: number;
  /** The fence of its last claim. */
  ran: number;
  settled: number | undefined;
  losses: number;
  errors: number;
  agent: string | undefined;
  token: string | undefined;
  exitCode: number | undefined;
  steps: Step[];
  result: JobResult | undefined;
  needs: Map<string, string>;
  /** The names that it needed when it was made, or that a run before it did. */
  needed: string[];
  runs: NonNullable<NewJob['runs']>;
  expanded: boolean;
  awaits: boolean;
  /** Repository, event and ref, where a newer pipeline of the same cancels it. */
  lane: string | undefined;
  /** From where to where its ref moved, and how often it had been removed by then. */
  move: Move | undefined;
  /** Of its pipeline, of the one that it runs again, and the first job of the one before on its branch. */
  number: number | undefined;
  parent: number | undefined;
  prev: string | undefined;
  group: { name: string; limit: number } | undefined;
  permit: boolean;
  /** Order in which jobs became ready. */
  queuedAs: number;
  /** Order in which jobs ended. */
  ended: number;
}

interface Move {
  epoch: number;
  before: string;
  after: string;
  /** It began where the head was, or did not say where. */
  ordered: boolean;
}

interface Place {
  id: string;
  place: number;
}

/** One that clears its lane. */
interface Newest {
  lane: string;
  pipeline: string;
  move: Move;
  /** The last of its jobs. */
  until: number;
}

interface Ready {
  job: ModelJob;
  class: number;
  time: number;
  turn: number;
}

type ModelLimits = Pick<
  Limits,
  'unfinished' | 'unfinishedOfPool' | 'unfinishedOfRepository' | 'losses' | 'errors' | 'steps'
>;

export function createModel(limits: ModelLimits) {
  const jobs = new Map<string, ModelJob>();
  /** Pipelines ever made, since a replay is known after history has forgotten it; their jobs in order. */
  const pipelines = new Map<string, Place[]>();
  /** By repository: how many pipelines it had, and the first job of the last one of each branch. */
  const numbers = new Map<string, { last: number; latest: Map<string, string> }>();
  const deliveries = new Map<string, string>();
  const heads = new Map<string, string>();
  const removals = new Set<string>();
  const epochs = new Map<string, number>();
  /** Of a repository whose jobs are counted by the hour: hours that are over, and how many it has begun in all. */
  const hours = new Map<string, { gone: number; used: number; most: number }>();
  /** By lane and epoch: commit → the one after it. */
  const trails = new Map<string, Map<string, string>>();
  const ready = new Map<string, Ready[]>();
  /** The time that a repository was given last, by pool, class and repository. */
  const fair = new Map<string, number>();
  let seq = 0;
  let turns = 0;
  let removed = 0;
  let ended = 0;

  const inOrder = () => [...jobs.values()].sort((a, b) => a.seq - b.seq);

  const place = (job: ModelJob) => {
    const { group } = job;
    const mates = inOrder().filter((other) => group !== undefined && other.group?.name === group.name);
    if (group !== undefined && !job.permit) {
      const held = mates.filter((mate) => mate.permit).length;
      const line = mates.filter((mate) => mate.state === 'blocked');
      if (line.some((mate) => mate.seq < job.seq) || held >= group.limit) {
        job.state = 'blocked';
        job.reason = `concurrency group "${group.name}" is full`;
        return;
      }
      job.permit = true;
    }
    rank(job, job.class);
    job.queuedAs = turns;
    job.state = 'queued';
    job.reason = undefined;
  };

  /** Who has none waiting in the class goes to its head's time; others one after their last. */
  const rank = (job: ModelJob, to: number) => {
    const queue = ready.get(job.pool) ?? [];
    ready.set(job.pool, queue);
    const peers = queue.filter((each) => each.class === to);
    const key = `${job.pool} ${to} ${job.repo}`;
    const head = peers.length === 0 ? 0 : Math.min(...peers.map((each) => each.time));
    const time = peers.some((each) => each.job.repo === job.repo) ? (fair.get(key) ?? 0) + 1 : head;
    fair.set(key, time);
    turns += 1;
    queue.push({ job, class: to, time, turn: turns });
  };

  const dispatch = (job: ModelJob) => {
    Object.assign(job, {
      agent: undefined,
      token: undefined,
      exitCode: undefined,
      cancelling: false,
      by: undefined,
    });
    place(job);
  };

  const leaveReady = (job: ModelJob) => {
    const queue = ready.get(job.pool) ?? [];
    const at = queue.findIndex((each) => each.job === job);
    if (at >= 0) queue.splice(at, 1);
  };

  const closeSteps = (job: ModelJob) => {
    for (const step of job.steps) {
      if (step.state === 'running') step.state = 'cancelled';
      if (step.state === 'pending') step.state = 'skipped';
    }
  };

  const release = (job: ModelJob) => {
    job.permit = false;
    for (;;) {
      const mates = inOrder().filter((other) => other.group?.name === job.group?.name);
      const first = mates.find((mate) => mate.state === 'blocked');
      if (first?.group === undefined || mates.filter((mate) => mate.permit).length >= first.group.limit)
        return;
      first.permit = true;
      dispatch(first);
    }
  };

  const finish = (job: ModelJob, state: JobState, reason: string | undefined, exitCode?: number) => {
    leaveReady(job);
    closeSteps(job);
    ended += 1;
    Object.assign(job, { state, reason, exitCode, cancelling: false, by: undefined, ended });
    job.needs.clear();
    release(job);
    settle(job.id, state);
  };

  /** Who waited for a job that ended so, or of which nobody knows any more how it did, goes on or is skipped. */
  const settle = (id: string, state: JobState | 'lost') => {
    for (const other of inOrder().filter((each) => each.needs.has(id))) {
      const name = other.needs.get(id);
      if (name === undefined) continue;
      other.needs.delete(id);
      const mayRun = other.runs === 'always' || (other.runs === 'success') === (state === 'success');
      if (!mayRun) finish(other, 'skipped', `needs "${name}", which ended as ${state}`);
      else if (!other.awaits && other.needs.size === 0) dispatch(other);
    }
  };

  const cancelledBy = (job: ModelJob) => (job.by === undefined ? 'cancelled' : `cancelled by ${job.by}`);

  const lose = (job: ModelJob, reason: string) => {
    job.fence += 1;
    job.losses += 1;
    Object.assign(job, { agent: undefined, token: undefined });
    closeSteps(job);
    if (job.cancelling) finish(job, 'cancelled', cancelledBy(job));
    else if (job.losses >= limits.losses)
      finish(job, 'dead', `lost ${job.losses} agents; the last: ${reason}`);
    else dispatch(job);
  };

  /** Pipelines that a job stands in, besides its own. */
  const standsIn = new Map<string, string[]>();
  const membersOf = (pipeline: string) =>
    (pipelines.get(pipeline) ?? []).flatMap(({ id }) => jobs.get(id) ?? []);

  /** What is full, if these came. */
  const findFull = (wanted: readonly { repo: string; pool: string }[], ofRepository: number) => {
    const open = inOrder().filter((job) => !isFinal(job.state));
    if (open.length + wanted.length > limits.unfinished)
      return { answer: 'full', of: 'all', most: limits.unfinished };
    const count = (by: 'repo' | 'pool', name: string) =>
      [...open, ...wanted].filter((job) => job[by] === name).length;
    if (wanted.some(({ repo }) => count('repo', repo) > ofRepository))
      return { answer: 'full', of: 'repository', most: ofRepository };
    if (wanted.some(({ pool }) => count('pool', pool) > limits.unfinishedOfPool))
      return { answer: 'full', of: 'pool', most: limits.unfinishedOfPool };
    return undefined;
  };

  /** Each hour has so many places. What it left when it was over is gone; who finds too few takes the next. */
  const findHour = (repo: string, wanted: number, most: number) => {
    const { gone, used } = hours.get(repo) ?? { gone: 0, used: 0 };
    const begun = Math.max(used, gone * most);
    const fits = begun % most === 0 || (begun % most) + wanted <= most;
    const at = fits ? begun : begun + most - (begun % most);
    return { hour: { gone, used: at + wanted, most }, later: Math.floor(at / most) > gone };
  };

  const takeNumber = (repo: string) => {
    const known = numbers.get(repo) ?? { last: 0, latest: new Map<string, string>() };
    numbers.set(repo, known);
    known.last += 1;
    return known.last;
  };

  /** The first job of the pipeline before on this branch; a tag has none. */
  const takeBranch = (repo: string, spec: NewJob['spec'] | undefined, first: string) => {
    if (spec === undefined || spec.ref.startsWith('refs/tags/')) return undefined;
    const latest = numbers.get(repo)?.latest;
    const before = latest?.get(spec.branch);
    latest?.set(spec.branch, first);
    return before;
  };

  const stop = (job: ModelJob, by: string) => {
    if (job.state !== 'running') finish(job, 'cancelled', `cancelled by ${by}`);
    else if (!job.cancelling) Object.assign(job, { cancelling: true, by });
  };

  /** Where a ref went from a commit, as far as was told. */
  const follow = (trail: ReadonlyMap<string, string>, from: string) => {
    const reached: string[] = [];
    for (let to = trail.get(from); to !== undefined && !reached.includes(to); to = trail.get(to))
      reached.push(to);
    return reached;
  };

  const toTrail = (lane: string, epoch: number) => {
    const trail = trails.get(`${lane} ${epoch}`) ?? new Map<string, string>();
    trails.set(`${lane} ${epoch}`, trail);
    return trail;
  };

  /** Whatever is older stops; what comes late and is itself older stops, too. What comes behind it has its own turn. */
  const clearLane = ({ lane, pipeline, move: { epoch, after, ordered }, until }: Newest) => {
    const trail = toTrail(lane, epoch);
    const newer = follow(trail, after);
    const last = newer.at(-1);
    const all = inOrder().filter((job) => job.lane === lane && job.seq <= until && !isFinal(job.state));
    const by = (sha: string, of: string | undefined) =>
      `the newer commit ${sha.slice(0, 12)}${of === undefined ? '' : `, pipeline ${of}`}`;
    const toReason = ({ pipeline: of, move }: ModelJob) => {
      const to = move?.epoch === epoch ? move.after : undefined;
      if (of === pipeline) {
        if (last === undefined) return undefined;
        const mate = all.find((job) => job.move?.epoch === epoch && job.move.after === last);
        return by(last, mate?.pipeline);
      }
      if (to !== undefined && newer.includes(to)) return undefined;
      const isPast = (move?.epoch ?? 0) < epoch || (ordered && (move?.ordered ?? true));
      return isPast || (to !== undefined && follow(trail, to).includes(after))
        ? by(after, pipeline)
        : undefined;
    };
    const reasons = all.reverse().map((job) => [job, toReason(job)] as const);
    for (const [job, why] of reasons) if (why !== undefined && !isFinal(job.state)) stop(job, why);
  };

  const create = (
    pipeline: string,
    id: string,
    { spec, pool, needs = [], ...rest }: NewJob,
    later?: number,
    toNeed = (name: string) => toId('job', pipeline, name),
  ) => {
    seq += 1;
    const { runs = 'success', group, priority = 5, awaits } = rest;
    const names = needs.map((name) => `"${name}"`).join(', ');
    const reason = awaits ?? (needs.length > 0 ? `needs ${names}` : undefined);
    const job: ModelJob = {
      ...{ id, pipeline, repo: spec.repository, pool, class: priority, seq, sha: spec.sha },
      ...{
        name: toJobName(spec),
        own: undefined,
        limitMs: spec.timeLimitMs,
        state: 'waiting',
        reason,
        cancelling: false,
        by: undefined,
      },
      ...{
        attempt: 0,
        fence: 0,
        ran: 0,
        result: undefined,
        settled: undefined,
        losses: 0,
        errors: 0,
        agent: undefined,
      },
      ...{ token: undefined, exitCode: undefined, steps: [], group, permit: false, queuedAs: 0, ended: 0 },
      needs: new Map(needs.map((name) => [toNeed(name), name])),
      needed: needs,
      runs,
      expanded: spec.expanded === true,
      awaits: awaits !== undefined,
      ...{ lane: undefined, move: undefined, number: undefined, parent: undefined, prev: undefined },
    };
    jobs.set(id, job);
    if (reason !== undefined) return job;
    if (later === undefined) place(job);
    else Object.assign(job, { state: 'delayed', reason: `its repository may begin ${later} jobs an hour` });
    return job;
  };

  const held = (id: string, fence: number) => {
    const job = jobs.get(id);
    return job?.state === 'running' && job.fence === fence ? job : undefined;
  };

  const awaiting = (pipeline: string, sha: string) =>
    membersOf(pipeline).filter((job) => job.sha === sha && job.awaits && job.state === 'waiting');

  const take = (request: EnqueueRequest, newest: Newest[]) => {
    const { cause, delivery, most, perHour, lane: place, jobs: wanted } = request;
    const known = delivery === undefined ? undefined : deliveries.get(delivery);
    const ref = cause.kind === 'ref' ? `${cause.repository} ${cause.ref}` : '';
    const pipeline = toPipeline(cause, epochs.get(ref) ?? 0);
    const ids = wanted.map(({ spec }) => toId('job', pipeline, toJobName(spec) ?? ''));
    const here = (of: string) => {
      const left = membersOf(of).map((job) => job.id);
      return { answer: 'dup', pipeline: of, jobs: left.length > 0 || of !== pipeline ? left : ids };
    };
    if (known !== undefined) return here(known);
    const dup = pipelines.has(pipeline);
    const places = wanted.map(({ spec, pool }) => ({ repo: spec.repository, pool }));
    const found = perHour === undefined ? undefined : findHour(cause.repository, wanted.length, perHour);
    // Whoever asks can ask again; a forge tells once.
    if (!dup && found?.later === true && (cause.kind === 'asked' || cause.kind === 'cron'))
      return { answer: 'full', of: 'hour', most: perHour };
    const full = dup ? undefined : findFull(places, most ?? limits.unfinishedOfRepository);
    if (full !== undefined) return full;
    const moves = cause.kind === 'ref' && (!heads.has(ref) || heads.get(ref) === cause.before);
    if (moves) heads.set(ref, cause.after);
    if (delivery !== undefined) deliveries.set(delivery, pipeline);
    if (dup) return here(pipeline);
    pipelines.set(pipeline, toPlaces(ids));
    const number = takeNumber(cause.repository);
    const prev = takeBranch(cause.repository, wanted[0]?.spec, ids[0] ?? '');
    if (found !== undefined) hours.set(cause.repository, found.hour);
    const [first] = wanted;
    const lane = first && place && `${first.spec.repository} ${first.spec.event} ${first.spec.ref}`;
    const move =
      lane !== undefined && cause.kind === 'ref'
        ? {
            epoch: epochs.get(ref) ?? 0,
            before: cause.before ?? '',
            after: cause.after,
            ordered: moves || cause.before === undefined,
          }
        : undefined;
    for (const [i, job] of wanted.entries())
      Object.assign(create(pipeline, ids[i] ?? '', job, found?.later === true ? perHour : undefined), {
        ...{ lane, move, number, prev },
      });
    if (place === 'newest' && lane !== undefined && move !== undefined)
      newest.push({ lane, pipeline, move, until: seq });
    return { answer: 'enqueued', pipeline, jobs: ids };
  };

  return {
    jobs,
    heads,
    membersOf,
    placeOf: ({ id, pipeline }: ModelJob) => pipelines.get(pipeline)?.find((each) => each.id === id)?.place,
    /** In the order in which they are claimed. */
    line: (pool: string) => inLine(ready.get(pool) ?? []),
    /** Pipelines of which a job is left. */
    livePipelines: () => [...pipelines.keys()].filter((id) => membersOf(id).length > 0).sort(),
    removeHead(repo: string, ref: string, once: string | undefined) {
      const heard = `${repo} ${ref} ${once}`;
      if (once !== undefined && removals.has(heard)) return;
      removals.add(heard);
      if (!heads.delete(`${repo} ${ref}`)) return;
      numbers.get(repo)?.latest.delete(ref.replace('refs/heads/', ''));
      removed += 1;
      epochs.set(`${repo} ${ref}`, removed);
    },
    noteHead(repo: string, ref: string, sha: string, once: string | undefined) {
      const heard = `noted ${repo} ${ref} ${once}`;
      if (once !== undefined && removals.has(heard)) return;
      removals.add(heard);
      heads.set(`${repo} ${ref}`, sha);
    },
    /** What comes together: all are taken or refused, and then who is the newest clears its lane. */
    enqueue(requests: readonly EnqueueRequest[]) {
      const newest: Newest[] = [];
      const answers = requests.map((request) => take(request, newest));
      for (const { lane, move } of newest)
        if (move.before !== '') toTrail(lane, move.epoch).set(move.before, move.after);
      for (const each of newest) clearLane(each);
      return answers;
    },
    expand(id: string, fence: number, { own, jobs: found }: Found, repository: string) {
      const job = held(id, fence);
      if (job === undefined) return 'stale';
      // Only the job that the tree decides about adds any, and only in the run that found them.
      if (job.name !== undefined || job.expanded) return 'done';
      job.own = own ?? job.own;
      // What is asked to stop adds nothing.
      if (job.cancelling) return 'done';
      const made: ModelJob[] = [];
      const toNeed = (name: string) => (name === own ? id : toId('job', job.pipeline, name));
      for (const { workflow, entry, pool = job.pool, timeLimitMs = job.limitMs, ...rest } of found) {
        const spec = toSpec({
          ...{ repository, sha: job.sha, timeLimitMs: Math.min(timeLimitMs, job.limitMs) },
          ...(workflow === undefined ? {} : { workflow }),
          ...(entry === undefined ? {} : { entry }),
        });
        const other = toId('job', job.pipeline, toJobName(spec) ?? '');
        if (jobs.has(other)) continue;
        const group = rest.group ?? job.group;
        // One that history has forgotten comes anew, as the last.
        const known = (pipelines.get(job.pipeline) ?? []).filter((each) => each.id !== other);
        const place = 1 + Math.max(0, ...known.map((each) => each.place));
        pipelines.set(job.pipeline, [...known, { id: other, place }]);
        const wanted = { ...rest, spec, pool, priority: job.class, ...(group ? { group } : {}) };
        made.push(create(job.pipeline, other, wanted, undefined, toNeed));
        const { lane, move, number, parent, prev } = job;
        Object.assign(made.at(-1) ?? {}, { lane, move, number, parent, prev });
      }
      const most = hours.get(job.repo)?.most;
      if (most !== undefined && made.length > 0) {
        const { hour } = findHour(job.repo, 0, most);
        hours.set(job.repo, { ...hour, used: hour.used + made.length });
      }
      // What they need may have ended before they came.
      for (const need of made.flatMap(({ needs }) => [...needs.keys()])) {
        const state = jobs.get(need)?.state ?? 'lost';
        if (state === 'lost' || isFinal(state)) settle(need, state);
      }
      return 'done';
    },
    claim(pool: string, agent: string, prefer: string | undefined, token: string) {
      const mine = inOrder().find((job) => job.state === 'running' && job.agent === agent);
      if (mine !== undefined) {
        if (mine.pool !== pool) return undefined;
        mine.token = token;
        return mine;
      }
      const queue = ready.get(pool) ?? [];
      const [first] = inLine(queue);
      const job = queue.find((each) => each.job.id === prefer)?.job ?? first?.job;
      if (job === undefined) return undefined;
      leaveReady(job);
      Object.assign(job, { state: 'running', agent, token, steps: [], result: undefined });
      job.fence += 1;
      job.ran = job.fence;
      job.attempt += 1;
      return job;
    },
    authenticate(id: string, token: string, settled: boolean) {
      const job = jobs.get(id);
      if (job === undefined || job.token !== token) return undefined;
      return job.state === 'running' || (settled && job.settled === job.fence) ? job.fence : undefined;
    },
    heartbeat(id: string, fence: number) {
      const job = held(id, fence);
      if (job === undefined) return 'lost';
      return job.cancelling ? 'cancel' : 'ok';
    },
    step(id: string, fence: number, { name, state, exitCode }: StepFact) {
      const job = held(id, fence);
      if (job === undefined) return 'stale';
      const rank = (of: string) => (of === 'pending' ? 0 : of === 'running' ? 1 : 2);
      // Times are 1 where there is one.
      const times = {
        ...(state === 'running' ? { startedAt: 1 } : {}),
        ...(rank(state) === 2 ? { finishedAt: 1 } : {}),
      };
      const fact = { name, state, ...(exitCode === undefined ? {} : { exitCode }), ...times };
      const at = job.steps.findIndex((step) => step.name === name);
      const known = job.steps[at];
      if (known === undefined) {
        if (job.steps.length < limits.steps) job.steps.push(fact);
      } else if (rank(state) > rank(known.state)) {
        job.steps[at] = { ...fact, ...(known.startedAt === 1 ? { startedAt: 1 } : {}) };
      }
      return 'done';
    },
    complete(id: string, fence: number, { outcome, reason, exitCode, result }: Completion) {
      const job = jobs.get(id);
      if (job === undefined) return 'stale';
      if (held(id, fence) === undefined) return job.settled === fence ? 'dup' : 'stale';
      job.settled = fence;
      job.result = result ?? job.result;
      if (outcome === 'cancelled' || (outcome === 'error' && job.cancelling)) {
        finish(job, 'cancelled', reason ?? cancelledBy(job), exitCode);
      } else if (outcome === 'skipped') finish(job, 'skipped', reason ?? 'nothing to run');
      else if (outcome !== 'error') finish(job, outcome, reason, exitCode);
      else {
        job.errors += 1;
        const why = reason ?? 'the agent could not run it';
        if (job.errors >= limits.errors) {
          finish(job, 'dead', `tried ${job.errors} times; the last: ${why}`);
        } else {
          closeSteps(job);
          Object.assign(job, { state: 'delayed', reason: why, agent: undefined });
          release(job);
        }
      }
      return 'done';
    },
    addSaved(id: string, saved: SavedCaches) {
      const job = jobs.get(id);
      if (job?.result === undefined) return 'unknown';
      const caches = job.result.caches?.map((cache) => {
        const found = saved.find(({ name }) => name === cache.name);
        return found === undefined ? cache : { ...cache, saved: found.bytes };
      });
      job.result = { ...job.result, ...(caches === undefined ? {} : { caches }) };
      return 'done';
    },
    cancel(id: string, by: string) {
      const job = jobs.get(id);
      if (job === undefined) return 'unknown';
      if (isFinal(job.state)) return 'final';
      stop(job, by);
      return 'done';
    },
    lost(agent: string, reason: string) {
      const job = inOrder().find((each) => each.state === 'running' && each.agent === agent);
      if (job === undefined) return 'unknown';
      lose(job, reason);
      return 'done';
    },
    approve(pipeline: string, sha: string) {
      const meant = awaiting(pipeline, sha);
      for (const job of meant) {
        job.awaits = false;
        if (job.needs.size === 0) dispatch(job);
        else job.reason = 'waits for what it needs';
      }
      return meant.length;
    },
    skip(pipeline: string, sha: string, reason: string) {
      let skipped = 0;
      for (const job of awaiting(pipeline, sha)) {
        // One that needs another of these has been skipped by it.
        if (job.state !== 'waiting') continue;
        skipped += 1;
        finish(job, 'skipped', reason);
      }
      return skipped;
    },
    /**
     * What succeeded stands. What failed, was cancelled, timed out or died runs again, and of what was skipped
     * that which is bound to one of these by a need, in either direction.
     */
    rerun(pipeline: string, { most, perHour }: Quota = {}) {
      const members = membersOf(pipeline);
      if (members.length === 0) return { answer: 'unknown' };
      if (members.some(({ state }) => !isFinal(state))) return { answer: 'running' };
      const again = new Set<ModelJob>();
      const take = (job: ModelJob) => {
        if (again.has(job)) return;
        again.add(job);
        for (const other of members) {
          const bound = job.needed.includes(toName(other) ?? '') || other.needed.includes(toName(job) ?? '');
          if (bound && other.state === 'skipped') take(other);
        }
      };
      for (const job of members) if (job.state !== 'success' && job.state !== 'skipped') take(job);
      if (again.size === 0) return { answer: 'nothing' };
      const next = toId('rerun', pipeline);
      const toNew = (job: ModelJob) => toId('job', next, job.name ?? '');
      if (membersOf(next).length > 0)
        return { answer: 'dup', pipeline: next, jobs: membersOf(next).map(({ id }) => id) };
      const [{ repo } = { repo: '' }] = members;
      const found = perHour === undefined ? undefined : findHour(repo, again.size, perHour);
      if (found?.later === true) return { answer: 'full', of: 'hour', most: perHour };
      const full = findFull([...again], most ?? limits.unfinishedOfRepository);
      if (full !== undefined) return full;
      if (found !== undefined) hours.set(repo, found.hour);
      const ids = members.map((job) => (again.has(job) ? toNew(job) : job.id));
      pipelines.set(next, toPlaces(ids));
      const number = takeNumber(repo);
      for (const { id } of members.filter((each) => !again.has(each)))
        standsIn.set(id, [...(standsIn.get(id) ?? []), next]);
      for (const job of members.filter((each) => again.has(each))) {
        const byName = new Map([...again].map((other) => [toName(other) ?? '', other]));
        const needs = job.needed.filter((name) => byName.has(name));
        const toNeed = (name: string) => toNew(byName.get(name) ?? job);
        const spec = toSpec({ repository: job.repo, sha: job.sha, timeLimitMs: job.limitMs });
        const wanted = {
          spec: job.name === undefined ? spec : { ...spec, workflow: job.name },
          ...{ pool: job.pool, priority: job.class, needs, runs: job.runs },
          ...(job.group === undefined ? {} : { group: job.group }),
          ...(job.awaits ? { awaits: 'awaits approval: nobody approved the run before' } : {}),
        };
        const made = create(next, toNew(job), wanted, undefined, toNeed);
        const { lane, move, needed, number: parent, prev } = job;
        const expanded = job.name === undefined && (job.expanded || members.length > 1);
        const own = expanded ? job.own : undefined;
        Object.assign(made, { lane, move, needed, expanded, own, number, parent, prev });
      }
      return { answer: 'enqueued', pipeline: next, jobs: ids };
    },
    deadLetters(diedAt: (id: string) => number) {
      return inOrder()
        .filter((job) => job.state === 'dead')
        .sort((a, b) => diedAt(b.id) - diedAt(a.id) || (a.id < b.id ? 1 : -1))
        .map(({ id }) => id);
    },
    requeue(id: string) {
      const job = jobs.get(id);
      if (job?.state !== 'dead') return 'not-dead';
      Object.assign(job, { losses: 0, errors: 0, settled: undefined });
      dispatch(job);
      return 'done';
    },
    /** Everybody who is ready has waited long enough to rise one class; who came first, first. */
    age() {
      for (const [, queue] of ready) {
        for (const each of [...queue].sort((a, b) => a.job.queuedAs - b.job.queuedAs)) {
          if (each.class === 0) continue;
          queue.splice(queue.indexOf(each), 1);
          rank(each.job, each.class - 1);
        }
      }
    },
    /** What a tick finds due. */
    hourPasses(repo: string) {
      const hour = hours.get(repo);
      if (hour !== undefined) hour.gone += 1;
    },
    due(job: ModelJob) {
      dispatch(job);
    },
    overdue(job: ModelJob) {
      job.token = undefined;
      finish(job, 'timeout', `ran longer than ${job.limitMs / 1000} s`);
    },
    expired(job: ModelJob, seconds: number) {
      lose(job, `the agent was not heard of for ${seconds} s`);
    },
    trim(keep: number, finishedAt: (id: string) => number) {
      const done = inOrder()
        .filter((job) => isFinal(job.state))
        .sort((a, b) => finishedAt(a.id) - finishedAt(b.id) || (a.id < b.id ? -1 : 1));
      for (const { id, pipeline } of done.slice(0, Math.max(0, done.length - keep))) {
        jobs.delete(id);
        // One that is made again with its id, by a rerun of what is left, does not stand where that one stood.
        for (const known of [pipeline, ...(standsIn.get(id) ?? [])])
          pipelines.set(
            known,
            (pipelines.get(known) ?? []).filter((each) => each.id !== id),
          );
        standsIn.delete(id);
      }
    },
  };
}
export type Model = ReturnType<typeof createModel>;

function toPlaces(ids: readonly string[]): Place[] {
  return ids.map((id, i) => ({ id, place: i + 1 }));
}

function inLine(queue: readonly Ready[]): Ready[] {
  return [...queue].sort((a, b) => a.class - b.class || a.time - b.time || a.turn - b.turn);
}

/** By which others of its pipeline need it. */
function toName({ name, own }: ModelJob): string | undefined {
  return name ?? own;
}

function toPipeline(cause: EnqueueRequest['cause'], epoch: number): string {
  const { kind, repository } = cause;
  if (kind === 'asked') return toId(kind, repository, cause.key);
  if (kind === 'cron') return toId(kind, repository, cause.name, cause.dueAt);
  if (kind === 'told') return toId(kind, repository, cause.event, cause.occasion);
  return toId(kind, repository, cause.ref, epoch, cause.after, cause.event, cause.pullRequest ?? 0);
}
