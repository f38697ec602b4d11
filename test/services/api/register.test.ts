import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createReconciler } from '../../../services/api/reconcile/reconciler.ts';
import { createRegistration } from '../../../services/api/register.ts';
import { createLookup } from '../../../services/core/forge/index.ts';
import { openTestApi, openTestForge, type TestApi } from '../../support/api.ts';
import { type ForgeApi, openForgeApi } from '../../support/forge-api.ts';

const site = 'gitea/acme/site';
let forge: ForgeApi;
let git: Awaited<ReturnType<typeof openTestForge>>;
let api: TestApi;
let register: () => Promise<void>;
const said: string[] = [];
beforeEach(async () => {
  said.length = 0;
  forge = await openForgeApi();
  git = await openTestForge({ 'refs/heads/trunk': 'a'.repeat(40) });
  api = await openTestApi({ origins: { gitea: git.origin } });
  const { origin, token } = forge;
  const lookups = { gitea: createLookup({ forge: 'gitea', origin, token }) };
  const log = Object.assign(Object.create(api.deps.log), {
    warn: (_: unknown, text: string) => void said.push(text),
  });
  const reconciler = createReconciler({ ...api.deps, lookups });
  Object.assign(api.deps, { reconciler });
  register = createRegistration({ ...api.deps, wanted: new Map([[site, 'spark']]), lookups, log });
});
afterEach(async () => {
  await api.close();
  await git.close();
  await forge.close();
});
const jobs = async () => (await api.queue.jobs({ limit: 9 })).jobs.map(({ spec }) => spec.sha);

test('what the settings name is registered with its own default branch, and what it holds starts nothing', async () => {
  forge.documents['/repos/acme/site'] = { default_branch: 'trunk' };
  forge.documents['/repos/acme/site/pulls'] = [];
  await register();
  const { repositories, reconciler } = api.deps;
  expect(await repositories.get(site)).toMatchObject({
    name: 'acme/site',
    defaultBranch: 'trunk',
    pool: 'spark',
  });
  await reconciler.run();
  expect(await jobs()).toEqual([]);
  git.refs['refs/heads/trunk'] = 'b'.repeat(40);
  await reconciler.run();
  expect(await jobs()).toEqual(['b'.repeat(40)]);
});

test('one that is not made yet, or whose forge is away, is tried again and said once', async () => {
  await register();
  git.setDown(true);
  forge.documents['/repos/acme/site'] = { default_branch: 'trunk' };
  await register();
  expect(await api.deps.repositories.get(site)).toBeUndefined();
  expect(said).toEqual(['not registered yet']);
  git.setDown(false);
  await register();
  expect(await api.deps.repositories.get(site)).toBeDefined();
});

test('what somebody set of one stays, and one that is removed comes back with the next start only', async () => {
  const { repositories } = api.deps;
  const own = {
    id: site,
    forge: 'gitea',
    name: 'acme/site',
    defaultBranch: 'x',
    pool: 'own',
    timeLimitMs: 1,
  } as const;
  await repositories.put(own);
  await register();
  expect(await repositories.get(site)).toEqual(own);
  await repositories.remove(site);
  forge.documents['/repos/acme/site'] = { default_branch: 'trunk' };
  await register();
  expect(await repositories.get(site)).toBeUndefined();
});
