/**
 * An agent as it is, but for its work: `services/agent`, one life after another in one process, so that a
 * process costs only where it is killed. Each line of stdin is an order; each life's end is a line of stdout.
 */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { runAgent } from '../../../services/agent/agent.ts';
import { createLateLog } from '../../../services/agent/late-log.ts';
import { createTransport, type Transport } from '../../../services/core/client/index.ts';
import { createLog } from '../../../services/core/log/index.ts';
import { beginLife, note } from './journal.ts';
import { orderSchema } from './work.ts';

const url = process.env.CHAOS_API ?? '';
const leaseMs = Number(process.env.CHAOS_LEASE_MS);
/** The agent's patience with one request is half of its lease: 15 s. */
const timeoutMs = leaseMs / 2;

/** Of what is said of a job's end. */
const endSchema = z.object({ outcome: z.string() });

async function live(agent: string, token: string): Promise<number> {
  beginLife(agent);
  const transport = watch(createTransport({ url }));
  try {
    return await runAgent({
      config: {
        BELLOWS_URL: url,
        BELLOWS_POOL: 'default',
        BELLOWS_AGENT: agent,
        BELLOWS_WORKSPACE: '/nowhere',
        BELLOWS_LOG_LEVEL: 'error',
        BELLOWS_ENGINE: 'process',
      },
      transport,
      token: Promise.resolve(token),
      path: '',
      env: {},
      platform: 'linux/amd64',
      log: createLateLog(async () => createLog('agent', 'silent')),
      stop: new AbortController().signal,
    });
  } catch {
    return 1;
  } finally {
    transport.close();
  }
}

/** Writes down what this agent says of its job's end, and what it is told. */
function watch(transport: Transport): Transport {
  return {
    ...transport,
    call: async (path, schema, call) => {
      const [, job] = /\/jobs\/(\w+)\/complete$/.exec(path) ?? [];
      const patient = { timeoutMs, ...call };
      if (job === undefined) return transport.call(path, schema, patient);
      const { outcome } = endSchema.parse(call?.body);
      note({ what: 'says', job, outcome });
      const reply = await transport.call(path, schema, patient);
      note({ what: 'heard', job, outcome, answer: (reply as { answer: string }).answer });
      return reply;
    },
  };
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { agent, token } = orderSchema.parse(JSON.parse(line));
  const exit = await live(agent, token);
  note({ what: 'left', exit });
  process.stdout.write(`${exit}\n`);
});
