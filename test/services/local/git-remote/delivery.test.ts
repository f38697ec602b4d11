import { expect, test } from '@jest/globals';
import { ApiError, UnreachableError } from '../../../../services/core/client/index.ts';
import { toSignature } from '../../../../services/core/forge/index.ts';
import type { Repository } from '../../../../services/core/job/index.ts';
import { createDelivery, type DeliveryOptions } from '../../../../services/local/git-remote/delivery.ts';

const movement = { ref: 'refs/heads/main', before: '0'.repeat(40), after: '1'.repeat(40) };
const accepted = {
  answer: 'enqueued',
  pipeline: 'a'.repeat(20),
  jobs: ['b'.repeat(20)],
  page: 'http://127.0.0.1:7440/jobs/b',
};
const secret = 's'.repeat(43);

/** The api's answers, in order; what it was asked stands in `log`. */
function open(answers: unknown[], given: Partial<DeliveryOptions> = {}) {
  const log: string[] = [];
  const put: Repository[] = [];
  const known: Repository[] = [];
  const options: DeliveryOptions = {
    transport: {
      call: async (path, schema, call) => {
        const bytes = Buffer.from(call?.bytes ?? []);
        const { 'x-gitea-event': event, 'x-gitea-signature': signature } = call?.headers ?? {};
        log.push(`${path} ${event} ${signature === toSignature(bytes, secret) ? 'signed' : 'forged'}`);
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return schema.parse(answer);
      },
    },
    client: {
      putRepository: async (repository) => {
        put.push(repository);
        return repository;
      },
      repositories: async () => ({ repositories: known }),
      reconcile: async (id) => {
        log.push(`reconcile ${id ?? 'all'}`);
        return { events: 0, repositories: 1 };
      },
      pageCode: async (path) => ({ url: `http://127.0.0.1:7440${path}?code=c` }),
    },
    repositories: {
      toPath: (name) => `/${name}`,
      has: async () => true,
      create: async () => undefined,
      list: async () => ['a/known', 'a/new'],
      readDefaultBranch: async () => 'trunk',
    },
    secret,
    origin: 'http://127.0.0.1:7441',
    pool: 'default',
    timeLimitMs: 1000,
    ...given,
  };
  return { ...createDelivery(options), log, put, known };
}

test('a repository is registered before its first delivery, once', async () => {
  const { deliver, log, put } = open([accepted, accepted]);
  expect(await deliver('a/b', movement)).toEqual(['Bellows: http://127.0.0.1:7440/jobs/b?code=c']);
  await deliver('a/b', movement);
  expect(put).toEqual([
    {
      id: 'local/a/b',
      forge: 'local',
      name: 'a/b',
      defaultBranch: 'trunk',
      pool: 'default',
      timeLimitMs: 1000,
    },
  ]);
  expect(log).toEqual(['/webhooks/local push signed', '/webhooks/local push signed']);
});

test('one that was removed from the list is registered again, since somebody pushes to it', async () => {
  const { deliver, put } = open([accepted, new ApiError(404, 'not registered'), accepted]);
  await deliver('a/b', movement);
  await deliver('a/b', movement);
  expect(put).toHaveLength(2);
});

test('why no job was made is told', async () => {
  const { deliver } = open([{ answer: 'ignored', reason: 'the commit message asks to skip' }]);
  expect(await deliver('a/b', movement)).toEqual(['Bellows: no job: the commit message asks to skip']);
});

test('a ref that starts nothing is not delivered', async () => {
  const { deliver, log } = open([]);
  expect(await deliver('a/b', { ...movement, ref: 'refs/notes/x' })).toEqual([
    'Bellows: no pipeline starts from refs/notes/x',
  ]);
  expect(log).toEqual([]);
});

test('an api that does not answer is an error, for the gate to repair', async () => {
  const { deliver } = open([new UnreachableError('refused')]);
  await expect(deliver('a/b', movement)).rejects.toThrow(UnreachableError);
});

test('a page without a code is better than none', async () => {
  const test = open([accepted], {});
  const { deliver } = open([accepted], {
    client: {
      putRepository: async (repository) => repository,
      repositories: async () => ({ repositories: [] }),
      reconcile: async () => ({ events: 0, repositories: 0 }),
      pageCode: async () => {
        throw new UnreachableError('gone');
      },
    },
  });
  expect(await deliver('a/b', movement)).toEqual(['Bellows: http://127.0.0.1:7440/jobs/b']);
  expect(test.put).toEqual([]);
});

test('a repair of all registers what a crash had left unregistered, then compares', async () => {
  const { repair, known, put, log } = open([]);
  known.push({
    id: 'local/a/known',
    forge: 'local',
    name: 'a/known',
    defaultBranch: 'main',
    pool: 'default',
    timeLimitMs: 1,
  });
  await repair(undefined);
  expect(put.map(({ id }) => id)).toEqual(['local/a/new']);
  await repair('a/known');
  expect(log).toEqual(['reconcile local/a/known', 'reconcile local/a/new', 'reconcile local/a/known']);
});
