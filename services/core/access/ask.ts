import type { ChainableCommander } from 'ioredis';

/** Redis did not answer; nothing is known of the call. */
export class AccessError extends Error {
  override name = 'AccessError';
}

export async function ask<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new AccessError(
      'Redis does not answer, so nobody can be let in. It is asked again with each request.',
      {
        cause,
      },
    );
  }
}

/** All of them or none; the answers in order. */
export async function askAll(commands: ChainableCommander): Promise<unknown[]> {
  const answers = (await ask(commands.exec())) ?? [];
  const failed = answers.find(([error]) => error !== null)?.[0];
  if (failed !== undefined && failed !== null) await ask(Promise.reject(failed));
  return answers.map(([, answer]) => answer);
}
