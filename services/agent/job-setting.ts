import type { Transport } from '../core/client/index.ts';
import type { CloneTarget, EngineKind, EngineOptions } from '../core/execute/index.ts';
import type { Claim, JobResult, JobSecrets } from '../core/job/index.ts';
import type { ArtifactSender } from './artifact-sender.ts';
import type { Ending } from './ending.ts';
import type { Fence } from './fence.ts';
import type { LateLog } from './late-log.ts';
import type { Reporter } from './reporter.ts';

/** What one job is run with. */
export interface JobSetting {
  claim: Claim;
  /** Where its files come from. */
  target: CloneTarget;
  /** By `performance.now`. */
  claimedAt: number;
  transport: Transport;
  /** Asks until there is an answer. */
  askSecrets: (names: string[], signal: AbortSignal) => Promise<JobSecrets>;
  artifacts: ArtifactSender;
  /** What a step is given besides, by its name. */
  toStepVariables: ((step: string) => Record<string, string>) | undefined;
  /** An empty folder of the agent's own. */
  folder: string;
  /** Where steps see that folder, where the machine allows it. */
  place: string | undefined;
  /** Of the user that steps run as, where we may choose. */
  uid: number | undefined;
  /** A folder that steps must not see. */
  hide: string | undefined;
  engine: EngineKind;
  /** Of steps in containers. */
  containers: Pick<EngineOptions, 'limits' | 'plugins'>;
  /** Where commands are found. */
  path: string;
  /** Our own; steps get of it what toolchains are found by. */
  env: Readonly<Record<string, string | undefined>>;
  /** `linux/arm64` */
  platform: string;
  /** From TERM to KILL. */
  graceMs: number;
  /** What was measured until now: whoever measures adds it here. */
  measured: JobResult;
  /** Work that is done once the outcome has been told, where the job came to an end of its own. */
  afterwards: ((stop: AbortSignal) => Promise<void>)[];
  reporter: Reporter;
  ending: Ending;
  fence: Fence;
  log: LateLog;
}
