import { afterEach, expect, test } from '@jest/globals';
import { ApiError, type EventMessage, UnreachableError } from '../../../../services/core/client/index.ts';
import type { Job, JobEvent, JobState } from '../../../../services/core/job/index.ts';
import type { Ending } from '../../../../services/local/process/child.ts';
import {
  openSpawner,
  type Spawner,
  type SpawnerOptions,
} from '../../../../services/local/spawner/spawner.ts';
import { toSpec } from '../../../support/job.ts';

const toJob = (id: string, state: JobState, more: Partial<Job> = {}): Job => ({
  id: id.repeat(20),
  pipeline: id.repeat(20),
  pool: 'default',
  spec: toSpec(),
  state,
  cancelling: false,
  attempt: 0,
  fence: 0,
  createdAt: 0,
  steps: [],
  ...more,
});
const created = (id: string, state: JobState, more?: Partial<Job>): JobEvent => ({
  type: 'created',
  job: id.repeat(20),
  at: 0,
  snapshot: toJob(id, state, more),
});

/** An api that says what a test makes it say, and agents that end when a test ends them. */
function createWorld(given: Partial<SpawnerOptions> = {}) {
  let snapshot: Job[] = [];
  const feed: EventMessage[] = [];
  let wake: (() => void) | undefined;
  let broken = false;
  const agents = new Map<string, (ending: Ending) => void>();
  const started: string[] = [];
  const sent: string[] = [];
  const dismissed: string[] = [];
  const lost: string[] = [];
  const errors: unknown[] = [];
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  const options: SpawnerOptions = {
    client: {
      jobs: async ({ state } = {}) => ({ jobs: snapshot.filter((job) => job.state === state), event: '0' }),
      job: async (id) => {
        const job = snapshot.find((each) => each.id === id);
        if (job === undefined) throw new ApiError(404, 'no such job');
        return { job, event: '0' };
      },
      claimToken: async () => ({ token: 'bc.x' }),
      agentLost: async (name, reason) => {
        lost.push(`${name.split('-')[1]} ${reason}`);
        changed();
        return undefined;
      },
      events: async function* (_from, signal) {
        signal.addEventListener('abort', () => wake?.());
        while (!signal.aborted) {
          if (broken) {
            broken = false;
            throw new UnreachableError('gone');
          }
          const next = feed.shift();
          if (next !== undefined) yield next;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      },
    },
    pool: 'default',
    cap: 2,
    start: async (name) => {
      started.push(name);
      const ended = new Promise<Ending>((resolve) => agents.set(name, resolve));
      const end = async () => {
        agents.get(name)?.({ code: null, signal: 'SIGTERM' });
        return ended;
      };
      const send = () => {
        sent.push(name);
        changed();
      };
      const dismiss = () => {
        dismissed.push(name);
        agents.get(name)?.({ code: 0, signal: null });
        changed();
      };
      changed();
      return { pid: 1, ended, send, dismiss, end };
    },
    onError: (error) => errors.push(error),
    ...given,
  };
  return {
    options,
    started,
    sent,
    dismissed,
    lost,
    errors,
    setSnapshot: (jobs: Job[]) => {
      snapshot = jobs;
    },
    say: (...events: JobEvent[]) => {
      feed.push(...events.map((event) => ({ id: '1-0', event })));
      wake?.();
    },
    breakLine: () => {
      broken = true;
      wake?.();
    },
    end: (name: string | undefined, ending: Ending) => agents.get(`${name}`)?.(ending),
    until: (isSo: () => boolean) =>
      new Promise<void>((resolve) => {
        const watcher = () => {
          if (!isSo()) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}

let spawner: Spawner | undefined;
afterEach(() => spawner?.stop());

const done: Ending = { code: 0, signal: null };
const killed: Ending = { code: null, signal: 'SIGKILL' };

test('jobs that wait when it starts, and those that come, get an agent each, up to the cap', async () => {
  const world = createWorld();
  world.setSnapshot([toJob('1', 'queued')]);
  spawner = openSpawner(world.options);
  await world.until(() => world.started.length === 1);
  world.say(created('2', 'queued'), created('3', 'queued'), created('4', 'queued', { pool: 'gpu' }));
  await world.until(() => world.started.length === 2);
  const [first] = world.started;
  world.say({ type: 'claimed', job: '1'.repeat(20), at: 0, agent: `${first}`, attempt: 1, fence: 1 });
  world.say({ type: 'finished', job: '1'.repeat(20), at: 0, state: 'success' });
  world.end(first, done);
  await world.until(() => world.started.length === 3);
  expect(world.lost).toEqual([]);
  expect(new Set(world.started).size).toBe(3);
  expect(world.started[2]?.split('-')[1]).toBe(first?.split('-')[1]);
});

test('an agent that ends otherwise than with 0 is reported at once', async () => {
  const world = createWorld();
  world.setSnapshot([toJob('1', 'queued')]);
  spawner = openSpawner(world.options);
  await world.until(() => world.started.length === 1);
  const [name] = world.started;
  world.say({ type: 'claimed', job: '1'.repeat(20), at: 0, agent: `${name}`, attempt: 1, fence: 1 });
  world.end(name, killed);
  await world.until(() => world.lost.length === 1);
  expect(world.lost).toEqual(['0 its agent ended with signal SIGKILL']);
});

test('a job of before this start that is queued again is asked about, and gets an agent', async () => {
  const world = createWorld();
  spawner = openSpawner(world.options);
  world.setSnapshot([toJob('1', 'queued'), toJob('2', 'queued', { pool: 'gpu' })]);
  world.say({ type: 'queued', job: '2'.repeat(20), at: 0 }, { type: 'queued', job: '1'.repeat(20), at: 0 });
  await world.until(() => world.started.length === 1);
});

test('a job that leaves the queue while its agent starts is nobody’s loss', async () => {
  const world = createWorld();
  world.setSnapshot([toJob('1', 'queued')]);
  spawner = openSpawner(world.options);
  await world.until(() => world.started.length === 1);
  world.say({ type: 'finished', job: '1'.repeat(20), at: 0, state: 'cancelled' });
  world.end(world.started[0], done);
  world.say(created('2', 'queued'));
  await world.until(() => world.started.length === 2);
  expect(world.lost).toEqual([]);
});

test('a job that was delayed and comes back gets an agent again', async () => {
  const world = createWorld();
  world.setSnapshot([toJob('1', 'queued')]);
  spawner = openSpawner(world.options);
  await world.until(() => world.started.length === 1);
  const job = '1'.repeat(20);
  world.say({ type: 'claimed', job, at: 0, agent: `${world.started[0]}`, attempt: 1, fence: 1 });
  world.say({ type: 'delayed', job, at: 0, until: 1, reason: 'x' }, { type: 'queued', job, at: 0 });
  await world.until(() => world.started.length === 2);
});

test('after a broken line it begins from a new snapshot, and knows which of its agents have claimed', async () => {
  const world = createWorld();
  world.setSnapshot([toJob('1', 'queued')]);
  spawner = openSpawner(world.options);
  await world.until(() => world.started.length === 1);
  world.setSnapshot([toJob('1', 'running', { agent: `${world.started[0]}` }), toJob('2', 'queued')]);
  world.breakLine();
  await world.until(() => world.started.length === 2);
});

test('an agent that ended with the up before this one is reported at the start', async () => {
  const world = createWorld();
  world.setSnapshot([
    toJob('1', 'running', { agent: 'default-9-old' }),
    toJob('2', 'running', { agent: 'gpu-8-other', pool: 'gpu' }),
  ]);
  spawner = openSpawner(world.options);
  await world.until(() => world.lost.length === 1);
  expect(world.lost).toEqual(['9 its agent ended with the end of who started it']);
});

test('an agent that cannot be started is an error, and tried again', async () => {
  let tries = 0;
  const world = createWorld();
  const { start } = world.options;
  world.setSnapshot([toJob('1', 'queued')]);
  spawner = openSpawner({
    ...world.options,
    start: async (...args) => {
      tries += 1;
      if (tries === 1) throw new Error('no memory');
      return start(...args);
    },
  });
  await world.until(() => world.started.length === 1);
  expect(world.errors).toHaveLength(1);
});

test('when it stops, its agents end, and what they had is reported', async () => {
  const world = createWorld();
  world.setSnapshot([toJob('1', 'queued')]);
  spawner = openSpawner(world.options);
  await world.until(() => world.started.length === 1);
  await spawner.stop();
  expect(world.lost).toEqual(['0 its agent ended with signal SIGTERM']);
});

test('an agent starts while its push is received, and claims when the job is there', async () => {
  const world = createWorld();
  spawner = openSpawner(world.options);
  const onEnd = spawner.expect();
  await world.until(() => world.started.length === 1);
  expect(world.sent).toEqual([]);
  world.say(created('1', 'queued'));
  await world.until(() => world.sent.length === 1);
  expect(world.started).toHaveLength(1);
  onEnd();
  world.say({ type: 'claimed', job: '1'.repeat(20), at: 0, agent: `${world.sent[0]}`, attempt: 1, fence: 1 });
  world.say(created('2', 'queued'));
  await world.until(() => world.started.length === 2);
  expect(world.dismissed).toEqual([]);
});

test('an agent whose push made no job is dismissed, and nobody is told of a loss', async () => {
  const world = createWorld();
  spawner = openSpawner(world.options);
  spawner.expect()();
  await world.until(() => world.dismissed.length === 1);
  expect(world.dismissed).toEqual(world.started);
  expect([world.sent, world.lost, world.errors]).toEqual([[], [], []]);
});

test('a ready agent that dies is replaced for the job that comes', async () => {
  const world = createWorld();
  spawner = openSpawner(world.options);
  spawner.expect();
  await world.until(() => world.started.length === 1);
  world.end(world.started[0], killed);
  await world.until(() => world.started.length === 2);
  world.say(created('1', 'queued'));
  await world.until(() => world.sent.length === 1);
  expect(world.sent).toEqual([world.started[1]]);
  expect(world.lost).toEqual([]);
});

test('without a credential there is no agent: it is ended, and tried again', async () => {
  let asked = 0;
  const world = createWorld();
  world.setSnapshot([toJob('1', 'queued')]);
  spawner = openSpawner({
    ...world.options,
    client: {
      ...world.options.client,
      claimToken: async () => {
        asked += 1;
        if (asked === 1) throw new UnreachableError('the api is away');
        return { token: 'bc.x' };
      },
    },
  });
  await world.until(() => world.sent.length === 1);
  expect([world.errors.length, world.started.length]).toEqual([1, 2]);
});
