import type { Readable } from 'node:stream';
import * as z from 'zod';
import { createTransport } from '../core/client/index.ts';
import { readConfig, untilSignal } from '../core/runtime/index.ts';
import { exitCodes, runAgent } from './agent.ts';
import { agentConfigSchema } from './config.ts';
import { createLateLog } from './late-log.ts';

export interface Start {
  env: Readonly<Record<string, string | undefined>>;
  /** `linux/arm64` */
  platform: string;
  token: Promise<string | undefined>;
  /** Of `sendFirstClaim`. */
  firstAnswer: Promise<unknown>;
  /** Kept open by whoever started us; undefined where nobody holds one. */
  parent: Readable | undefined;
}

/** Runs an agent by its environment until its end, or its parent's. @returns its exit code. */
export async function start({ env, platform, token, firstAnswer, parent }: Start): Promise<number> {
  // Each schema is used once or twice: to compile it takes longer.
  z.config({ jitless: true });
  const config = readConfig(agentConfigSchema, env);
  const log = createLateLog(async () =>
    (await import('../core/log/index.ts')).createLog('agent', config.BELLOWS_LOG_LEVEL),
  );
  const stop = new AbortController();
  void untilSignal().then(() => stop.abort());
  if (parent !== undefined)
    void token.finally(() => parent.once('end', () => stop.abort()).resume()).catch(() => undefined);
  const exitCode = await runAgent({
    config,
    transport: createTransport({ url: config.BELLOWS_URL }),
    token,
    firstAnswer,
    path: env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    env,
    platform,
    log,
    stop: stop.signal,
  }).catch((error: unknown) => {
    log.error({ err: error }, 'no job could be claimed');
    return exitCodes.trouble;
  });
  await log.open();
  return exitCode;
}
