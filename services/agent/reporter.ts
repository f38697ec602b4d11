import type { RunSink, StepReport } from '../core/execute/index.ts';
import { isRefused } from './heartbeat.ts';
import type { JobLink } from './job-link.ts';
import { createLogShipper } from './log-shipper.ts';
import { untilAnswered } from './patience.ts';

/** Tells the api of a job's steps and its log, while the steps go on. */
export interface Reporter extends RunSink {
  workflows(names: string[]): void;
  /** Resolves when all has been told, or can never be. Never rejects. */
  drain(): Promise<void>;
}

export interface ReporterOptions {
  link: Pick<JobLink, 'step' | 'workflows' | 'log'>;
  /** Ends all patience with an api that is away. */
  signal: AbortSignal;
  /** What can never be told: the api refuses it. Said once for the log and once for each fact. */
  onTrouble(error: unknown): void;
}

export function createReporter({ link, signal, onTrouble }: ReporterOptions): Reporter {
  const patience = { signal };
  const log = createLogShipper({
    send: (n, step, bytes) => untilAnswered(() => link.log(n, step, bytes), patience),
  });
  // Each fact follows the one before it, as the steps did.
  let facts = Promise.resolve();
  const tell = (fact: () => Promise<unknown>): void => {
    facts = facts.then(async () => {
      try {
        await untilAnswered(fact, patience);
      } catch (error) {
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
    step: (fact: StepReport) => tell(() => link.step(fact)),
    workflows: (names) => tell(() => link.workflows(names)),
    drain: async () => {
      await log.drain().catch(onBroken);
      await facts;
    },
  };
}
