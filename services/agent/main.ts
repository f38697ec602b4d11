/** One job, then the end: settings from the environment, the claim token from a pipe or a file. */
import { createTransport } from '../core/client/index.ts';
import { readConfig, untilSignal } from '../core/runtime/index.ts';
import { exitCodes, runAgent } from './agent.ts';
import { readTokenFile, readTokenLine } from './claim-token.ts';
import { agentConfigSchema } from './config.ts';

async function main(): Promise<void> {
  const config = readConfig(agentConfigSchema, process.env);
  const openLog = async () =>
    (await import('../core/log/index.ts')).createLog('agent', config.BELLOWS_LOG_LEVEL);
  const transport = createTransport({ url: config.BELLOWS_URL });
  const stop = new AbortController();
  void untilSignal().then(() => stop.abort());

  const file = config.BELLOWS_TOKEN_FILE;
  const token = file === undefined ? readTokenLine(process.stdin) : readTokenFile(file);
  // Whoever gave us the token keeps the pipe open; its end means that nobody waits for us any more.
  if (file === undefined) void token.finally(() => process.stdin.once('end', () => stop.abort()).resume());

  const exitCode = await runAgent({
    config,
    transport,
    token,
    path: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    env: process.env,
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    openLog,
    stop: stop.signal,
  }).catch(async (error: unknown) => {
    (await openLog()).error({ err: error }, 'no job could be claimed');
    return exitCodes.trouble;
  });
  // Whatever is still open belongs to nobody now.
  process.exit(exitCode);
}

void main();
