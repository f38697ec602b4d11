import { randomUUID } from 'node:crypto';
import type { ApiClient } from '../core/client/index.ts';
import { press } from './bindings.ts';
import { forget, hear, learn, learnOlder, mostRoom } from './board.ts';
import { followJobs, followLog, toReason } from './follow.ts';
import { toFrame } from './frame.ts';
import { createLogLines } from './log-lines.ts';
import type { Look } from './look.ts';
import type { Screen } from './screen.ts';
import { type Command, type State, toInitialState, toShown, toStates } from './state.ts';

export interface AppOptions {
  client: ApiClient;
  screen: Screen;
  look: Look;
  /** Open this job at once. */
  job?: string | undefined;
  /** Stops the process, as Ctrl-Z does; returns when it goes on. @default Ctrl-Z does nothing */
  suspend?: (() => Promise<void>) | undefined;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** The shortest time between two drawings, and the longest without a look at the clock. */
const frameMs = 100;
const tickMs = 1000;
/** How often the queue and the agents are asked for while they are shown. */
const surveyMs = 2000;
/** Jobs of a page of history, and pages that one key asks for until something is found. */
const listed = 100;
const mostPages = 5;

/**
 * The terminal program, from the first drawing until somebody leaves or the signal aborts. The screen
 * stays the caller's to close.
 *
 * @returns how it was left: Ctrl-C is meant for whatever started the program, too
 * @throws ApiError where the api refuses the credential.
 */
export async function runApp(options: AppOptions, signal: AbortSignal): Promise<'left' | 'interrupted'> {
  const { client, screen, look, suspend, now = Date.now } = options;
  const left = new AbortController();
  const life = AbortSignal.any([signal, left.signal]);
  let state = toInitialState(screen.size());
  let log = new AbortController();

  const painter = createPainter(() => screen.draw(toFrame(state, now(), look)));
  const change = (next: Partial<State>) => {
    state = { ...state, ...next };
    painter.ask();
  };
  const tell = (text: string, bad = false) => change({ notice: { text, bad } });

  const open = (id: string) => {
    log.abort();
    log = new AbortController();
    const lines = createLogLines(look);
    change({ opened: { id, log: lines, top: undefined }, board: { ...state.board, pinned: id } });
    renew(id);
    void followLog(
      client,
      id,
      {
        chunk: (chunkId, chunk) => {
          lines.add(chunkId, chunk);
          painter.ask();
        },
        end: () => {
          lines.end();
          painter.ask();
        },
        failed: (reason) => tell(`the log cannot be read: ${reason}`, true),
      },
      AbortSignal.any([life, log.signal]),
    );
  };
  /** A list carries no steps, so an opened job is asked for by itself. */
  const renew = (id: string) =>
    attempt(async () => {
      const { job, event, result } = await client.job(id);
      const { opened } = state;
      const own = opened?.id === id ? { opened: { ...opened, result } } : {};
      change({ ...own, board: learn(state.board, [job], event) });
    });
  const attempt = (act: () => Promise<void>) =>
    void act().catch((error: unknown) => {
      if (!life.aborted) tell(toReason(error), true);
    });

  /** From the filter's beginning, or where the list ends: until there is something to see, and not for ever. */
  const search = (from: string | undefined) =>
    attempt(async () => {
      const { filter } = state;
      const before = toShown(state).length;
      const isCurrent = () => state.filter === filter && !life.aborted;
      let cursor = from;
      try {
        for (let page = 0; page < mostPages; page++) {
          const states = toStates(filter);
          const { jobs, next, event } = await client.jobs({
            limit: listed,
            ...(filter.text === '' ? {} : { search: filter.text }),
            ...(states === undefined ? {} : { state: states }),
            ...(cursor === undefined ? {} : { cursor }),
          });
          if (!isCurrent()) return;
          const board = learnOlder(state.board, jobs, event);
          cursor = board.room < mostRoom ? next : undefined;
          change({ board, history: { next: cursor, loading: true } });
          if (cursor === undefined || toShown(state).length > before) break;
        }
      } finally {
        if (isCurrent()) change({ history: { ...state.history, loading: false } });
      }
    });
  let surveyedAt = -Infinity;
  const survey = () => {
    const { tab } = state;
    surveyedAt = performance.now();
    if (tab === 'jobs') return;
    attempt(async () => {
      if (tab === 'queue') change({ queue: await client.queue({ limit: listed }) });
      else {
        const [{ agents }, { pools }] = await Promise.all([client.agents(), client.pools()]);
        change({ agents, pools });
      }
    });
  };

  const obey = (command: Command) => {
    switch (command.type) {
      case 'open':
        return open(command.id);
      case 'close':
        return log.abort();
      case 'search':
        return search(undefined);
      case 'older':
        return search(state.history.next);
      case 'survey':
        return survey();
      case 'suspend':
        return attempt(async () => {
          await suspend?.();
          painter.ask();
        });
      case 'quit':
        return left.abort('left');
      case 'interrupt':
        return left.abort('interrupted');
      case 'cancel':
        return attempt(async () => {
          const { job, event } = await client.cancel(command.id);
          change({ board: learn(state.board, [job], event) });
          tell('the job has been asked to stop');
        });
      case 'requeue':
        return attempt(async () => {
          const { job, event } = await client.requeue(command.id);
          change({ board: learn(state.board, [job], event) });
          tell('the job is in the queue again');
        });
      case 'approve':
      case 'skip':
        return attempt(async () => {
          // The commit that was on the screen, whatever has come since.
          const known = state.board.known.get(command.id)?.job;
          if (known === undefined) return;
          const decide = command.type === 'skip' ? client.skip : client.approve;
          const { jobs } = await decide(known.pipeline, known.spec.sha);
          tell(`${jobs} ${jobs === 1 ? 'job' : 'jobs'} ${command.type === 'skip' ? 'skipped' : 'approved'}`);
        });
      case 'rerun':
        return attempt(async () => {
          const pipeline = state.board.known.get(command.id)?.job.pipeline ?? '';
          const accepted = await client.retryPipeline(pipeline);
          tell(
            accepted.answer === 'dup'
              ? 'the pipeline was run again already'
              : `runs again as pipeline ${accepted.pipeline}`,
          );
        });
      case 'retry':
        return attempt(async () => {
          const { jobs } = await client.retry(command.id, randomUUID());
          const [first] = jobs;
          if (first !== undefined && state.opened?.id === command.id) open(first);
          tell(`runs again as ${first ?? command.id}`);
        });
    }
  };

  screen.onKey((key) => {
    const reaction = press(state, key);
    change(reaction.state);
    if (reaction.command !== undefined) obey(reaction.command);
  });
  screen.onResize(() => change({ size: screen.size() }));
  const clock = setInterval(() => {
    painter.ask();
    const shown = state.tab !== 'jobs' && state.opened === undefined && state.connection.state === 'live';
    if (shown && performance.now() - surveyedAt >= surveyMs) survey();
  }, tickMs);
  painter.ask();
  if (options.job !== undefined) open(options.job);

  try {
    await followJobs(
      client,
      {
        snapshot: (page) => {
          const board = learn(forget(state.board), page.jobs, page.event);
          change({ board, history: { next: page.next, loading: false } });
          if (state.filter.text !== '' || state.filter.states !== 'all') search(undefined);
          if (state.opened !== undefined) renew(state.opened.id);
        },
        event: (id, event) => {
          change({ board: hear(state.board, id, event) });
          // What its agent measured came with its end, and no event says it.
          if (event.type === 'finished' && event.job === state.opened?.id) renew(event.job);
        },
        heard: () => change({ connection: { state: 'live' }, heardAt: now() }),
        lost: (reason, retryInMs) =>
          change({ connection: { state: 'lost', reason, retryAt: now() + retryInMs } }),
      },
      life,
    );
    return left.signal.reason === 'interrupted' ? 'interrupted' : 'left';
  } finally {
    left.abort();
    log.abort();
    clearInterval(clock);
    painter.stop();
  }
}

/** Draws soon after it is asked, at once after a pause, and never more often than the frame allows. */
function createPainter(draw: () => void) {
  let timer: NodeJS.Timeout | undefined;
  let drawnAt = -Infinity;
  return {
    ask: () => {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          drawnAt = performance.now();
          draw();
        },
        Math.max(0, drawnAt + frameMs - performance.now()),
      );
    },
    stop: () => clearTimeout(timer),
  };
}
