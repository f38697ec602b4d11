import { createHash } from 'node:crypto';
import { accessRules } from '../../../../services/api/access-rules.ts';
import { createToken, type Role, reaches } from '../../../../services/core/access/index.ts';
import { openTestApi, openTestForge, repository, type TestApi } from '../../../support/api.ts';
import { toRequest } from '../../../support/job.ts';

/** How many requests ended with which status, by route. */
export type Tally = Map<string, Map<number, number>>;

export interface Route {
  /** `GET /api/v1/jobs/:id` */
  name: string;
  method: string;
  path: string;
  rule: 'open' | readonly Role[];
}

export interface Sent {
  path: string;
  init: RequestInit;
}

export type FuzzBench = Awaited<ReturnType<typeof openFuzzBench>>;

/** The api with something of everything in it, and a forge that answers. */
export async function openFuzzBench() {
  const forge = await openTestForge({ 'refs/heads/main': 'a'.repeat(40) });
  const api = await openTestApi({
    origins: { gitea: forge.origin, github: forge.origin, local: forge.origin },
  });
  const tally: Tally = new Map();
  // As the application has them, so that a route which is added is fuzzed unasked.
  const names = new Set(
    api.app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`),
  );
  const routes = [...names].map((name): Route => {
    const [method = '', path = ''] = name.split(' ');
    return { name, method, path, rule: accessRules[name] ?? [] };
  });
  let agents = 0;
  const claim = async () => {
    agents += 1;
    await api.queue.enqueue(toRequest());
    const agent = `agent-${agents}`;
    return { ...(await api.claim(agent)), agent };
  };
  const register = async () => {
    for (const name of ['gitea', 'github'] as const)
      await api.deps.repositories.put({ ...repository, id: `${name}/${repository.name}`, forge: name });
  };

  return {
    api,
    routes,
    tally,
    /** Puts back what requests may have removed. */
    register,
    /** As at first, with a job that has ended and one that an agent runs. */
    reset: async () => {
      await api.commands.flushdb();
      await register();
      const ended = await claim();
      await api.queue.complete(ended.job, ended.fence, { outcome: 'success' });
      const pipeline = (await api.queue.job(ended.job))?.job.pipeline ?? '';
      return { ended, pipeline, running: await claim() };
    },
    /** Gives the repository a hook of its own. */
    openHook: async (forge: 'gitea' | 'github') => {
      const secret = createToken();
      const { hook } = await api.deps.repositories.setHookSecret(`${forge}/${repository.name}`, secret);
      return { path: `/webhooks/${forge}/${hook}`, secret };
    },
    /** A credential that the route takes. */
    toCredential: async ({ rule }: Route, job: { token: string }): Promise<Record<string, string>> => {
      const takes = (role: Role) => rule !== 'open' && rule.some((wanted) => reaches(role, wanted));
      if (takes('job')) return { authorization: `Bearer ${job.token}` };
      if (takes('claim')) return { authorization: `Bearer ${await api.deps.claimTokens.issue('default')}` };
      return { authorization: `Bearer ${takes('admin') ? api.tokens.admin : api.tokens.launcher}` };
    },
    /**
     * Sends it and holds what is true of every answer: it comes, it is not the api's fault, and where it is a
     * refusal nothing was written.
     */
    send: async (route: Route, { path, init }: Sent, headers: Record<string, string>): Promise<number> => {
      const before = await digest(api);
      const given = { ...Object.fromEntries(new Headers(init.headers)), ...headers };
      const abort = new AbortController();
      const response = await inTime(api.ask(path, { ...init, headers: given, signal: abort.signal }));
      const { status } = response;
      const text = status >= 500 ? await response.text() : '';
      if (status < 400) await response.body?.cancel();
      abort.abort();
      const counts = tally.get(route.name) ?? new Map<number, number>();
      tally.set(route.name, counts.set(status, (counts.get(status) ?? 0) + 1));
      if (status >= 500) throw new Error(`${route.name} at ${path}: ${status} ${text}`);
      if (status >= 400 && (await digest(api)) !== before)
        throw new Error(`${route.name} at ${path}: ${status}, and something was written all the same`);
      return status;
    },
    close: async () => {
      await api.close();
      await forge.close();
    },
  };
}

/** Of every key and value, but what is counted and recorded of requests as such. */
async function digest({ keys, commands }: TestApi): Promise<string> {
  const hash = createHash('sha256');
  // Who came last is written where the credential is good, whatever becomes of the request.
  const all = (await keys()).filter((key) => !/^access:(?:token-day|session)/.test(key));
  const values = await Promise.all(all.map((key) => commands.dumpBuffer(key)));
  for (const [at, key] of all.entries()) hash.update(key).update(values[at] ?? '');
  return hash.digest('hex');
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('no answer within 15 s')), 15_000);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
