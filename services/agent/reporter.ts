import { ApiError } from '../core/client/index.ts';
import type { RunSink, StepReport } from '../core/execute/index.ts';
import type { LogAnswer, Workflows } from '../core/job/index.ts';
import { isRefused } from './heartbeat.ts';
import type { JobLink } from './job-link.ts';
import { createLogShipper } from './log-shipper.ts';
import { untilAnswered } from './patience.ts';

/** Tells the api of a job's steps and its log, while the steps go on. */
export interface Reporter extends RunSink {
  workflows(found: Workflows): void;
  /** True where the other workflows could not be told of: without another attempt, nobody would run them. */
  readonly missesWorkflows: boolean;
  /** Why the other workflows were refused, where the file is to blame. */
  readonly refusal: string | undefined;
  /** Resolves when all has been told, or can never be. Never rejects. */
  drain(): Promise<void>;
}

export interface ReporterOptions {
  link: Pick<JobLink, 'step' | 'workflows' | 'log'>;
  /** Ends all patience with an api that is away. */
  signal: AbortSignal;
  /** How long a part of the log waits for room; then the rest is given up, so that the job can end and make some. */
  noRoomMs: number;
  /** What can never be told: the api refuses it. Said once for the log and once for each fact. */
  onTrouble(error: unknown): void;
}

export function createReporter({ link, signal, noRoomMs, onTrouble }: ReporterOptions): Reporter {
  const patience = { signal };
  const send = (n: number, step: string, bytes: Uint8Array, dropped?: number): Promise<LogAnswer> => {
    const since = performance.now();
    return untilAnswered(async () => {
      try {
        return await link.log(n, step, bytes, dropped);
      } catch (error) {
        if (!isWithoutRoom(error) || performance.now() - since < noRoomMs) throw error;
        onTrouble(error);
        return { answer: 'full', have: n - 1 };
      }
    }, patience);
  };
  const log = createLogShipper({ send });
  // Each fact follows the one before it, as the steps did.
  let facts = Promise.resolve();
  let missesWorkflows = false;
  let refusal: string | undefined;
  const tell = (fact: () => Promise<unknown>, onLost: (error: unknown) => void = () => undefined): void => {
    facts = facts.then(async () => {
      try {
        await untilAnswered(fact, patience);
      } catch (error) {
        onLost(error);
        // A claim that is lost is the heartbeat's to notice.
        if (!isRefused(error)) onTrouble(error);
      }
    });
  };

  let isLogBroken = false;
  const onBroken = (error: unknown): void => {
    if (!isLogBroken && !isRefused(error)) onTrouble(error);
    isLogBroken = true;
  };

  return {
    write: async (step, bytes) => {
      // Without its log a build still has an outcome: it must not stand still because nobody reads.
      if (!isLogBroken) await log.write(step, bytes).catch(onBroken);
    },
    step: (fact: StepReport) => {
      if (fact.state !== 'running') log.end(fact.name);
      tell(() => link.step(fact));
    },
    workflows: (found) =>
      tell(
        () => link.workflows(found),
        (error) => {
          if (error instanceof ApiError && error.status === 422) refusal = error.message;
          else missesWorkflows = true;
        },
      ),
    get missesWorkflows() {
      return missesWorkflows;
    },
    get refusal() {
      return refusal;
    },
    drain: async () => {
      await log.drain().catch(onBroken);
      await facts;
    },
  };
}

/** 507: the api is there, and its store is full. */
function isWithoutRoom(error: unknown): boolean {
  return error instanceof ApiError && error.status === 507;
}
