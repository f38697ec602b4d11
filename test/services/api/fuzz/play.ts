import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { createToken, toJobToken } from '../../../../services/core/access/index.ts';
import { toSignature } from '../../../../services/core/forge/index.ts';
import { webhookSecrets } from '../../../support/api.ts';
import type { FuzzBench, Route } from './bench.ts';
import { toRequests } from './requests.ts';
import { brokenTexts, damage, hostileText } from './values.ts';

export interface Runs {
  /** For each route, or each recorded payload. */
  numRuns: number;
  seed: number;
}

const sha = 'a'.repeat(40);

/** Without a credential, and with one that is nobody's, every closed route says so, and nothing else. */
export async function fuzzDoors(bench: FuzzBench, { numRuns, seed }: Runs): Promise<void> {
  const { api, routes } = bench;
  const { job } = (await bench.reset()).running;
  for (const route of routes.filter(({ rule }) => rule !== 'open')) {
    const garbage = fc.oneof(
      fc.constant(undefined),
      fc.constantFrom(
        '',
        'Bearer',
        'Bearer ',
        'Basic YWRtaW46',
        'bearer x y',
        'Digest x',
        'Bearer bt_',
        ...hostileText,
      ),
      fc.string({ maxLength: 100 }).map((text) => `Bearer ${text}`),
      fc
        .constantFrom(...Object.values(api.tokens))
        .chain((token) => toBent(token).map((bent) => `Bearer ${bent}`)),
      fc.constant(0).map(() => `Bearer bt_${createToken()}`),
      fc.constant(0).map(() => `Bearer ${toJobToken(job, createToken())}`),
      fc.constant(0).map(() => `Bearer bc.${createToken()}`),
    );
    const property = fc.asyncProperty(garbage, fc.boolean(), async (authorization, browser) => {
      const header = authorization?.replace(/[^\x20-\x7e]/g, '?');
      const headers: Record<string, string> = {
        ...(header === undefined ? {} : { authorization: header }),
        ...(browser ? { accept: 'text/html', cookie: `bellows_session=${createToken()}` } : {}),
      };
      const path = route.path.replace(':id', job).replace(/:\w+/g, 'x');
      // A claim's credential is proved by the claim, once its body says what is claimed.
      const claims = route.path.endsWith('/claim');
      const body = { body: JSON.stringify({ pool: 'default', agent: 'x' }) };
      const init = {
        method: route.method,
        headers: { 'content-type': 'application/json' },
        ...(claims ? body : {}),
      };
      const status = await bench.send(route, { path, init }, headers);
      // What looks like an agent's credential is looked up, and is not, or no longer, good.
      const agents = /^Bearer b[jc]\./.test(header ?? '');
      const page = !route.path.startsWith('/api/') && browser && status >= 302 && status <= 303;
      if (status !== 401 && !page && !(agents && status === 403))
        throw new Error(`${route.name} answered ${status} to ${JSON.stringify(headers)}`);
    });
    await fc.assert(property, { numRuns, seed });
  }
}

/** With a good credential, and anything at all in address, query and body, no answer is the api's fault. */
export async function fuzzBodies(bench: FuzzBench, { numRuns, seed }: Runs): Promise<void> {
  for (const route of bench.routes.filter(({ path }) => !path.startsWith('/webhooks/'))) {
    // What an agent says may end its job.
    const own = route.rule !== 'open' && route.rule.includes('job');
    let { ended, pipeline, running } = await bench.reset();
    const requests = toRequests(bench, route, { words: [...words, ended.job] });
    const property = fc.asyncProperty(requests, async (sent) => {
      if (own) ({ ended, pipeline, running } = await bench.reset());
      else await bench.register();
      const path = sent.path
        .replace(':id', running.job)
        .replace(':pipeline', pipeline)
        .replace(':agent', running.agent)
        .replace(':forge/:owner/:name', 'gitea/ada/forge-bell')
        .replace(':n', '1')
        .replace(':session', '0'.repeat(16))
        .replace(/:\w+/g, 'agent-1');
      await bench.send(route, { ...sent, path }, await bench.toCredential(route, running));
    });
    await fc.assert(property, { numRuns, seed });
  }
}

/**
 * Every recorded payload, with something in it missing, of another type, or far too large: signed for the forge's hook
 * or for the repository's own, or by somebody who has no secret, who is told 401 whatever it says.
 */
export async function fuzzWebhooks(bench: FuzzBench, { numRuns, seed }: Runs): Promise<void> {
  for (const forge of ['gitea', 'github'] as const) {
    const hooks = { forge: 'POST /webhooks/:forge', own: 'POST /webhooks/:forge/:hook' };
    const folder = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'webhooks', forge);
    for (const file of readdirSync(folder)) {
      await bench.reset();
      const own = await bench.openHook(forge);
      const recorded: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      const event = file.startsWith('pull-request') ? 'pull_request' : (/^[a-z]+/.exec(file)?.[0] ?? '');
      const body = fc.oneof(
        { weight: 8, arbitrary: damage(recorded).map((value) => JSON.stringify(value) ?? '') },
        {
          weight: 2,
          arbitrary: damage(recorded)
            .chain(damage)
            .map((value) => JSON.stringify(value) ?? ''),
        },
        { weight: 1, arbitrary: fc.constantFrom(...brokenTexts) },
        { weight: 1, arbitrary: fc.constant(JSON.stringify(recorded)) },
      );
      const name = fc.oneof(
        { weight: 8, arbitrary: fc.constant(event) },
        fc.constantFrom('push', 'pull_request', 'delete', 'x', ''),
      );
      const sender = fc.oneof(
        { weight: 5, arbitrary: fc.constant('forge' as const) },
        { weight: 3, arbitrary: fc.constant('own' as const) },
        { weight: 3, arbitrary: fc.constantFrom('', 'x', '0'.repeat(64), ...hostileText) },
      );
      const property = fc.asyncProperty(body, name, sender, async (text, given, who) => {
        await bench.register();
        const bytes = Buffer.from(text as string);
        const secret = who === 'own' ? own.secret : webhookSecrets[forge];
        const isSigned = who === 'own' || who === 'forge';
        const signature = isSigned ? toSignature(bytes, secret) : who.replace(/[^\x20-\x7e]/g, '?');
        const headers: Record<string, string> =
          forge === 'gitea'
            ? { 'x-gitea-event': given, 'x-gitea-signature': signature }
            : { 'x-github-event': given, 'x-hub-signature-256': `sha256=${signature}` };
        const init = { method: 'POST', body: bytes, headers: { 'content-type': 'application/json' } };
        const path = who === 'own' ? own.path : `/webhooks/${forge}`;
        const status = await bench.send(
          toRoute(bench, hooks[who === 'own' ? 'own' : 'forge']),
          { path, init },
          headers,
        );
        // What is too large is not even read.
        if (!isSigned && status !== 401 && status !== 413)
          throw new Error(`what nobody signed was answered ${status}: ${text.slice(0, 200)}`);
      });
      await fc.assert(property, { numRuns, seed });
    }
  }
}

/** One character of a good token changed, left out, or doubled. */
function toBent(token: string): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(token.length - 1), fc.constantFrom('change', 'drop', 'double')).map(([at, how]) => {
    const letter = token.charAt(at);
    const put = { change: letter === 'A' ? 'B' : 'A', drop: '', double: letter + letter }[how] ?? '';
    return token.slice(0, at) + put + token.slice(at + 1);
  });
}

/** Words that mean something to the api, so that a good request is one; others are made by damage. */
const words = [
  'a'.repeat(64),
  'default',
  'ci',
  'agent-1',
  'gitea/ada/forge-bell',
  'gitea',
  'ada',
  'forge-bell',
  'ada/forge-bell',
  'main',
  'refs/heads/main',
  'refs/tags/v1',
  sha,
  '0'.repeat(16),
  '0123456789abcdef0123',
  '/',
  '/jobs/0123456789abcdef0123',
  '1-1',
  'https://example.org/',
];

function toRoute({ routes }: FuzzBench, name: string): Route {
  const route = routes.find((known) => known.name === name);
  if (route === undefined) throw new Error(`there is no ${name}`);
  return route;
}
