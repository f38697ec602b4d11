import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AgentBench } from '../support/agent.ts';

/**
 * One agent's whole life, its bundle in a process of its own, as a spawner starts it.
 *
 * @returns when it was started, milliseconds since 1970
 */
export async function runAgentProgram(
  bench: AgentBench,
  program: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const token = await bench.api.deps.claimTokens.issue('default');
  const startedAt = Date.now();
  const agent = spawn(process.execPath, [program], {
    env: { BELLOWS_URL: bench.url, BELLOWS_POOL: 'default', BELLOWS_LOG_LEVEL: 'error', ...env },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  agent.stdin.write(`${token}\n`);
  await once(agent, 'exit');
  return startedAt;
}
