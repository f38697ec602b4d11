import { toId } from '../../../services/core/job/index.ts';
import { createQueue, type EnqueueRequest, type Queue } from '../../../services/core/queue/index.ts';
import { openConnection, type Side, toSpec } from './side.ts';

export async function openOurs(path: string, seed: number): Promise<Side> {
  const first = await openConnection(path);
  const connections = [first];
  const open = (commands: typeof first) =>
    createQueue({
      commands,
      leaseMs: 30_000,
      limits: { unfinished: 1e6, unfinishedOfPool: 1e6, unfinishedOfRepository: 1e6 },
    });
  const queue = open(first);

  const toRequest = (n: number): EnqueueRequest => {
    const spec = toSpec(seed, n);
    const { repository, ref, event, sha } = spec;
    const before = toSpec(seed, n - 1).sha;
    return {
      cause: { kind: 'ref', repository, ref, event, after: sha, before },
      delivery: `gitea:${toId('delivery', n)}`,
      jobs: [{ spec, pool: 'default' }],
    };
  };

  return {
    name: 'ours',
    one(n) {
      const request = toRequest(n);
      return () => queue.enqueue(request);
    },
    many(from, count) {
      const jobs = Array.from({ length: count }, (_, i) => ({
        spec: { ...toSpec(seed, from + i), workflow: `w${i}` },
        pool: 'default',
      }));
      const request = { ...toRequest(from), jobs };
      return () => queue.enqueue(request);
    },
    async openAgent(agent) {
      const commands = await openConnection(path);
      connections.push(commands);
      const own = open(commands);
      return () => work(own, agent);
    },
    async close() {
      for (const connection of connections) connection.disconnect();
    },
  };
}

/** Each job has an agent of its own, which claims once and ends. */
async function work(queue: Queue, agent: number): Promise<number> {
  const tokenHash = 'a'.repeat(64);
  for (let done = 0; ; done++) {
    const claimed = await queue.claim({ pool: 'default', agent: `agent-${agent}-${done}`, tokenHash });
    if (claimed === undefined) return done;
    await queue.complete(claimed.job, claimed.fence, { outcome: 'success' });
  }
}
