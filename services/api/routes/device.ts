import { randomBytes } from 'node:crypto';
import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import { atMost, type Person, toActor } from '../../core/access/index.ts';
import { deviceAuthorizationSchema, deviceTokenSchema, personRoleSchema } from '../../core/job/index.ts';
import { toNeighbourhood } from '../client-address.ts';
import type { ApiDeps } from '../deps.ts';
import { limitBody } from '../door.ts';
import type { ApiEnv } from '../env.ts';
import { formBytes, readForm } from '../form.ts';
import { toCodePage, toConfirmPage, toDecidedPage } from '../page/account.ts';
import { toPerson } from '../person.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, refuses } from '../route.ts';
import { toFormPage } from './sign-in.ts';

const grant = 'urn:ietf:params:oauth:grant-type:device_code';
const client = 'bellows';
/** Terminals of one address that may begin: it needs no credential. */
const perAddress = { burst: 30, periodMs: 10 * 60_000 };
const tokenMs = 30 * 24 * 3_600_000;

const errorSchema = z.object({
  error: z.enum([
    'access_denied',
    'authorization_pending',
    'expired_token',
    'invalid_client',
    'invalid_grant',
    'invalid_scope',
    'slow_down',
    'unauthorized_client',
    'unsupported_grant_type',
  ]),
  error_description: z.string().optional(),
});
/** What is wrong in a form is said in OAuth's words, so nothing is refused before. */
const fields = (names: readonly string[]) => ({
  required: true,
  content: {
    'application/x-www-form-urlencoded': {
      schema: z.object(Object.fromEntries(names.map((name) => [name, z.string().optional()]))),
    },
  },
});
const begin = createRoute({
  method: 'post',
  path: '/oauth/device_authorization',
  operationId: 'beginDeviceSignIn',
  tags: ['Access'],
  summary: 'A terminal asks to act as a person (RFC 8628); the client is bellows, the scope a role',
  request: { body: fields(['client_id', 'scope', 'device']) },
  responses: {
    200: answers(deviceAuthorizationSchema, 'The code that the person confirms, and the one to poll with.'),
    400: answers(errorSchema, 'In the words of RFC 6749, 5.2.'),
    ...refuses(415),
  },
});
const token = createRoute({
  method: 'post',
  path: '/oauth/token',
  operationId: 'pollDeviceSignIn',
  tags: ['Access'],
  summary: 'Whether the person has confirmed; then the token, once',
  request: { body: fields(['client_id', 'grant_type', 'device_code']) },
  responses: {
    200: answers(deviceTokenSchema, 'An API token that acts as the person.'),
    400: answers(errorSchema, 'authorization_pending and slow_down: ask again; all else is an end.'),
    ...refuses(415),
  },
});

/**
 * A terminal signs in (RFC 8628): it shows a code, and a person who is signed in here confirms it. The
 * token is an API token that acts as the person, with at most their role.
 */
export function createDeviceRoutes(deps: ApiDeps) {
  const { deviceLogins } = deps;
  const app = createRoutes();
  app.use('/oauth/*', limitBody(formBytes));
  return app
    .openapi(begin, async (c) => {
      const form = await readForm(c);
      if (form.get('client_id') !== client) return toError(c, 'invalid_client');
      if (deps.signIn === undefined)
        return toError(c, 'unauthorized_client', 'No identity provider is set, so nobody could confirm it.');
      const scope = personRoleSchema.optional().safeParse(form.get('scope') ?? undefined);
      if (!scope.success) return toError(c, 'invalid_scope', 'Expected view, trigger or admin.');
      const device = (form.get('device') ?? '').slice(0, 100) || 'a terminal';
      const verdict = await deps.rateLimits.take('devices', toNeighbourhood(deps.address(c)), perAddress);
      if (!verdict.allowed)
        throw new Problem(429, 'Too many terminals begin to sign in from here. Try again in some minutes.', {
          'retry-after': String(Math.ceil(verdict.waitMs / 1000)),
        });
      const login = await deviceLogins.start({ device, address: deps.address(c), role: scope.data });
      if (login === undefined)
        throw new Problem(503, 'Too many terminals wait to be signed in. Try again in some minutes.', {
          'retry-after': '60',
        });
      return c.json(
        {
          device_code: login.deviceCode,
          user_code: login.userCode,
          verification_uri: `${deps.publicUrl}/device`,
          verification_uri_complete: `${deps.publicUrl}/device?user_code=${login.userCode}`,
          expires_in: login.expiresInSeconds,
          interval: login.intervalSeconds,
        },
        200,
      );
    })
    .openapi(token, async (c) => {
      const form = await readForm(c);
      if (form.get('client_id') !== client) return toError(c, 'invalid_client');
      if (form.get('grant_type') !== grant) return toError(c, 'unsupported_grant_type');
      const answer = await deviceLogins.poll(form.get('device_code') ?? '');
      if (typeof answer === 'string') return toError(c, answer);
      const { person } = answer;
      const name = `login-${randomBytes(4).toString('hex')}`;
      const createdBy = toActor(person);
      const who = { actor: createdBy, action: 'POST /oauth/token', address: deps.address(c) };
      await deps.audit.append({ event: 'signed in', ...who, target: `${name}, as ${person.role}` });
      const created = await deps.apiTokens.create({
        name,
        role: person.role,
        createdBy,
        expiresAt: Date.now() + tokenMs,
        person,
      });
      if (typeof created === 'string')
        throw new Problem(503, 'There are too many API tokens; an admin must revoke some first.');
      return c.json(
        {
          access_token: created.token,
          token_type: 'Bearer' as const,
          expires_in: tokenMs / 1000,
          scope: person.role,
        },
        200,
      );
    })
    .get('/device', async (c) => {
      const person = toConfirmer(c);
      const userCode = c.req.query('user_code');
      if (userCode === undefined) return toFormPage(c, toCodePage());
      const { request, code } = await look(deps, userCode, person);
      if (request === undefined) return toFormPage(c, toCodePage(unknownCode));
      const role = atMost(person.role, request.role ?? person.role);
      return toFormPage(c, toConfirmPage(request, code, { person, role }));
    })
    .post('/device', limitBody(formBytes), async (c) => {
      const person = toConfirmer(c);
      const form = await readForm(c);
      const { request, code } = await look(deps, form.get('user_code') ?? '', person);
      if (request === undefined) return toFormPage(c, toCodePage(unknownCode));
      const allowed = form.get('answer') === 'allow';
      const { actor, name, role } = person;
      const granted = { actor, name, role: atMost(role, request.role ?? role) };
      if (!(await deviceLogins.decide(code, allowed ? granted : 'refused')))
        return toFormPage(c, toCodePage(unknownCode));
      return toFormPage(c, toDecidedPage(allowed));
    });
}

const unknownCode = 'No terminal waits under this code. It is good once, for ten minutes.';

async function look({ deviceLogins }: ApiDeps, given: string, person: Person) {
  // As it is shown, however it was typed.
  const code = given
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
    .replace(/^(.{4})(.{4}).*$/, '$1-$2');
  const request = await deviceLogins.look(code, person.actor);
  if (request === 'tired') throw new Problem(429, 'You tried too many codes. Wait for ten minutes.');
  return { request, code };
}

/**
 * Only somebody whom the identity provider knows: a token would prolong itself, and of who came by a link
 * nobody knows who it is.
 */
function toConfirmer(c: Context<ApiEnv>): Person {
  const person = toPerson(c.get('identity'));
  if (person.token === undefined && person.actor.startsWith('user:')) return person;
  throw new Problem(403, 'Sign in with a browser at the identity provider to confirm a terminal.');
}

/** RFC 6749, 5.2. */
function toError(c: Context<ApiEnv>, error: z.infer<typeof errorSchema>['error'], description?: string) {
  return c.json({ error, ...(description === undefined ? {} : { error_description: description }) }, 400);
}
