import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type ApiClient, ApiError, type Transport } from '../../core/client/index.ts';
import { toSignature } from '../../core/forge/index.ts';
import { acceptedSchema, type Repository, refSchema } from '../../core/job/index.ts';
import { toGiteaEvent } from './gitea-payload.ts';
import type { Movement } from './movement.ts';
import type { BareRepositories } from './repositories.ts';

export interface DeliveryOptions {
  /** To the api, without a token: a webhook's signature is its credential. */
  transport: Pick<Transport, 'call'>;
  client: Pick<ApiClient, 'putRepository' | 'repositories' | 'reconcile' | 'pageCode'>;
  repositories: BareRepositories;
  /** Signs webhooks. */
  secret: string;
  /** Of the git remote. */
  origin: string;
  pool: string;
  timeLimitMs: number;
  /** A test's chance to break something at the worst moment. */
  beforeDelivery?(repository: string): void;
}

/** Tells the api what a push has moved. */
export interface Delivery {
  /**
   * Resolves when the api has it for good.
   *
   * @returns what the pusher is to read
   */
  deliver(repository: string, movement: Movement): Promise<string[]>;
  /** Makes the api know every repository, or this one, and compare where its refs stand. */
  repair(repository: string | undefined): Promise<void>;
}

/** Events that make no job are answered too, some with a reason. */
const answerSchema = z.union([acceptedSchema, z.object({ reason: z.string().optional() })]);

export function createDelivery(options: DeliveryOptions): Delivery {
  const { transport, client, repositories, secret, origin } = options;
  /** Registered names and their default branches. */
  const registered = new Map<string, string>();

  const register = async (name: string): Promise<string> => {
    const defaultBranch = await repositories.readDefaultBranch(name);
    const repository: Repository = {
      id: `local/${name}`,
      forge: 'local',
      name,
      defaultBranch,
      pool: options.pool,
      timeLimitMs: options.timeLimitMs,
    };
    await client.putRepository(repository);
    registered.set(name, defaultBranch);
    return defaultBranch;
  };

  const send = (name: string, movement: Movement, defaultBranch: string) => {
    const url = `${origin}/${name}.git`;
    const { event, payload } = toGiteaEvent(movement, { name, defaultBranch, url, at: new Date() });
    const bytes = Buffer.from(JSON.stringify(payload));
    return transport.call('/webhooks/local', answerSchema, {
      method: 'POST',
      bytes,
      headers: {
        'content-type': 'application/json',
        'x-gitea-event': event,
        'x-gitea-delivery': randomUUID(),
        'x-gitea-signature': toSignature(bytes, secret),
      },
    });
  };

  return {
    deliver: async (name, movement) => {
      if (!refSchema.safeParse(movement.ref).success)
        return [`Bellows: no pipeline starts from ${movement.ref}`];
      const defaultBranch = registered.get(name) ?? (await register(name));
      options.beforeDelivery?.(name);
      const answer = await send(name, movement, defaultBranch).catch(async (error: unknown) => {
        // Somebody has removed it from the list; whoever pushes here wants it built.
        if (!(error instanceof ApiError && error.status === 404)) throw error;
        return send(name, movement, await register(name));
      });
      if (!('page' in answer))
        return answer.reason === undefined ? [] : [`Bellows: no job: ${answer.reason}`];
      const { page } = answer;
      // The job is safe already: without a code the page's address is still worth printing.
      const opened = await client.pageCode(new URL(page).pathname).catch(() => ({ url: page }));
      return [`Bellows: ${opened.url}`];
    },
    repair: async (name) => {
      if (name !== undefined) {
        await register(name);
        await client.reconcile(`local/${name}`);
        return;
      }
      const known = await client.repositories();
      for (const { forge, name, defaultBranch } of known.repositories)
        if (forge === 'local') registered.set(name, defaultBranch);
      // One by one: a forge that is away must not keep anybody from pushing here.
      for (const each of await repositories.list()) {
        if (!registered.has(each)) await register(each);
        await client.reconcile(`local/${each}`);
      }
    },
  };
}
