export interface Defence {
  /** As in the table of docs/operations/security.md. */
  name: string;
  file: string;
  /** Stands once in the file. */
  text: string;
  /** The same without the defence. */
  without: string;
}

/** The defences that are taken out, one at a time, to see that somebody notices. */
export const defences: readonly Defence[] = [
  {
    name: 'signature',
    file: 'services/core/forge/signature.ts',
    text: 'if (given.length === expected.length && timingSafeEqual(given, expected)) good = true;',
    without: 'if (given.length === expected.length) good = true;',
  },
  {
    name: 'signature on the wire',
    file: 'services/api/routes/webhooks.ts',
    text: 'if (!verifySignature(',
    without: 'if (c.error && !verifySignature(',
  },
  {
    name: 'signature sent twice',
    file: 'services/core/forge/signature.ts',
    text: "signature !== undefined && /^[0-9a-f]{64}$/.test(signature) ? signature : ''",
    without: "signature?.split(', ')[0] ?? ''",
  },
  {
    name: 'replay',
    file: 'services/core/queue/scripts/enqueue.ts',
    text: "if call('EXISTS', PIPELINE .. pipeline, DEDUPE .. pipeline) > 0 then",
    without: 'if false then',
  },
  {
    name: 'old body',
    file: 'services/api/routes/webhooks.ts',
    text: 'if (!isRecent(times,',
    without: 'if (c.error && !isRecent(times,',
  },
  {
    name: 'body once',
    file: 'services/api/routes/webhooks.ts',
    text: "delivery: hash('sha256', body),",
    without: '',
  },
  {
    name: 'forge by path',
    file: 'services/api/routes/webhooks.ts',
    text: 'const secrets = deps.secrets.webhooks[forge];',
    without: 'const secrets = Object.values(deps.secrets.webhooks).flat();',
  },
  {
    name: 'quiet log',
    file: 'services/api/problem.ts',
    text: 'log.error({ path: c.req.path, status',
    without: 'log.error({ path: c.req.url, status',
  },
  {
    name: 'body size',
    file: 'services/api/door.ts',
    text: 'export const webhookBytes = 1024 * 1024;',
    without: 'export const webhookBytes = 1024 ** 3;',
  },
  {
    name: 'Redis away',
    file: 'services/api/routes/webhooks.ts',
    text: 'deps.reconciler.owe(id);',
    without: 'void id;',
  },
  {
    name: 'no stranger',
    file: 'services/api/authenticate.ts',
    text: 'if (identity === undefined) throw unauthorized();',
    without: 'if (identity === undefined) return next();',
  },
  {
    name: 'roles',
    file: 'services/api/authenticate.ts',
    text: '!rule.some((wanted) => reaches(identity.role, wanted))',
    without: 'rule.length === 0',
  },
  {
    name: 'job token',
    file: 'services/api/own-job.ts',
    text: "!('job' in identity) || identity.job !== c.req.param('id')",
    without: "!('job' in identity)",
  },
  {
    name: "job token's end",
    file: 'services/core/queue/scripts/running.ts',
    text: "if state == 'running' then return tonumber(fence) end",
    without: 'if fence then return tonumber(fence) end',
  },
  {
    name: 'other repositories',
    file: 'services/api/repository-limit.ts',
    text: 'if (!knowsRepository(identity, repository)) throw noRepository(repository);',
    without: '',
  },
  {
    name: 'clone password',
    file: 'services/local/git-remote/authorize.ts',
    text: 'if (readsOnly && secrets.isCloneToken(',
    without: 'if (secrets.isCloneToken(',
  },
  {
    name: 'sign-in state',
    file: 'services/api/sign-in/provider.ts',
    text: 'expectedState: attempt.state,',
    without: 'expectedState: oidc.skipStateCheck,',
  },
  {
    name: 'sign-in code',
    file: 'services/api/sign-in/provider.ts',
    text: 'pkceCodeVerifier: attempt.verifier,',
    without: '',
  },
  {
    name: 'ID token',
    file: 'services/api/sign-in/provider.ts',
    text: 'oidc.enableNonRepudiationChecks(config);',
    without: '',
  },
  {
    name: 'form of another site',
    file: 'services/api/session-cookie.ts',
    text: "if (!reads && c.req.header('origin') === undefined) return undefined;",
    without: '',
  },
  {
    name: "terminal's sign-in",
    file: 'services/api/routes/device.ts',
    text: "if (person.token === undefined && person.actor.startsWith('user:')) return person;",
    without: "if (person.token !== '') return person;",
  },
  {
    name: 'signed addresses',
    file: 'services/core/access/signed-token.ts',
    text: 'return JSON.stringify([purpose, audience, expiresAt]);',
    without: 'return purpose + audience + expiresAt;',
  },
  {
    name: 'rate limits',
    file: 'services/core/access/rate-limit.ts',
    text: 'if after - now > period then',
    without: 'if false then',
  },
  {
    name: 'lock-out',
    file: 'services/api/limit.ts',
    text: 'if (c.res.status !== 401 || limit === undefined) return;',
    without: 'if (limit === undefined) return;',
  },
  {
    name: 'client address',
    file: 'services/api/client-address.ts',
    text: 'while (isTrusted(address)) {',
    without: 'while (hops.length > 0) {',
  },
  {
    name: 'no record, no change',
    file: 'services/api/audit.ts',
    text: "const of = await deps.audit.append({ event: 'begun', ...who, target: path });",
    without: "const of = await deps.audit.append({ event: 'begun', ...who, target: path }).catch(() => 1);",
  },
  {
    name: 'audit chain',
    file: 'services/core/audit/verify.ts',
    text: 'if (toAuditHash(last.hash, text) !== hash)',
    without: 'if (hash.length !== 64)',
  },
  {
    name: 'pinned',
    file: 'package.json',
    text: '"hono": "',
    without: '"hono": "^',
  },
  {
    name: 'authentication scheme',
    file: 'services/api/authenticate.ts',
    text: '/^Bearer ([A-Za-z0-9._-]{1,200})$/',
    without: '/([A-Za-z0-9._-]{1,200})$/',
  },
  {
    name: 'spellings of an address',
    file: 'services/api/client-address.ts',
    text: 'if (high === undefined || low === undefined) return short;',
    without: 'if (high === undefined || low === undefined || high !== low) return short;',
  },
  {
    name: 'spellings of a host',
    file: 'services/api/door.ts',
    text: 'if (!hosts.includes(host) && ',
    without: "if (host === '' && ",
  },
  {
    name: 'cookies',
    file: 'services/api/session-cookie.ts',
    text: 'return getCookie(c, toCookie(deps).name);',
    without: "return getCookie(c, toCookie(deps).name) ?? getCookie(c, '__Host-bellows_session');",
  },
  {
    name: 'any input',
    file: 'services/api/routes/pages.ts',
    text: 'return c.redirect(new URL(c.req.url).pathname, 303);',
    without: 'return c.redirect(c.req.path, 303);',
  },
  {
    name: 'who asks',
    file: 'services/api/clone.ts',
    text: 'export function toCloneCredentials(',
    without:
      'export async function ask(url: string) {\n  return fetch(url);\n}\nexport function toCloneCredentials(',
  },
  {
    name: 'forks wait',
    file: 'services/api/enqueue.ts',
    text: 'const awaits = toAwaits(repository, spec);',
    without: "const awaits = repository.id === '' ? toAwaits(repository, spec) : undefined;",
  },
  {
    name: 'who is trusted',
    file: 'services/core/forge/movement.ts',
    text: 'openedBy: user?.id ?? undefined,',
    without: "openedBy: toName(user) === 'ada' ? 3 : 9,",
  },
  {
    name: 'who moved it',
    file: 'services/api/approval.ts',
    text: 'pullRequest === undefined ? [movedBy] : [movedBy, pullRequest.openedBy];',
    without: 'pullRequest === undefined ? [movedBy] : [pullRequest.openedBy];',
  },
  {
    name: 'one commit',
    file: 'services/core/queue/create-queue.ts',
    text: '(await readPipeline(id)).flatMap(({ job }) => (job.spec.sha === sha ? [job.id] : []));',
    without: "(await readPipeline(id)).flatMap(({ job }) => (sha === '' ? [] : [job.id]));",
  },
  {
    name: 'who approves',
    file: 'services/api/approval.ts',
    text: 'if (mayApprove(repository, identity)) return;',
    without: 'if (isPerson(identity)) return;',
  },
  {
    name: 'no word starts anything',
    file: 'services/core/forge/webhook.ts',
    text: "case 'pull_request':",
    without: "case 'pull_request_comment':\n    case 'pull_request':",
  },
  {
    name: 'no privileged event',
    file: 'services/api/routes/jobs.ts',
    text: 'if (!isForeign(spec) || (sha !== undefined && mayApprove(repository, identity))) return undefined;',
    without: 'if (!isForeign(spec) || mayApprove(repository, identity)) return undefined;',
  },
  {
    name: 'commits of forks',
    file: 'services/api/asked-spec.ts',
    text: 'return known ? spec : { ...spec, foreign: true };',
    without: 'return known || !known ? spec : { ...spec, foreign: true };',
  },
  {
    name: 'secrets of branches',
    file: 'services/api/job-secrets.ts',
    text: 'pullRequest === undefined ? ref :',
    without: "pullRequest !== undefined ? 'refs/heads/main' :",
  },
  {
    name: 'sealed secrets',
    file: 'services/core/access/seal.ts',
    text: 'if (JSON.stringify(own) === JSON.stringify(place)) return text;',
    without: 'if (place.length > 0) return text;',
  },
  {
    name: 'secrets that cannot be masked',
    file: 'services/api/routes/secrets.ts',
    text: 'if (!isMaskable(text))',
    without: "if (text === '')",
  },
  {
    name: 'who may set a cron',
    file: 'services/api/access-rules.ts',
    text: "'PUT /api/v1/repositories/:forge/:owner/:name/crons/:cron': ['admin'],",
    without: "'PUT /api/v1/repositories/:forge/:owner/:name/crons/:cron': ['trigger'],",
  },
  {
    name: 'no secrets for forks',
    file: 'services/api/job-secrets.ts',
    text: 'if (isForeign(spec))',
    without: "if (spec.repository === '' && isForeign(spec))",
  },
  {
    name: 'least rights, KEDA',
    file: 'charts/secrets/redis-rules.ts',
    text: '-@all +@connection +xlen',
    without: '+@all',
  },
  {
    name: 'least rights, api',
    file: 'charts/secrets/redis-rules.ts',
    text: '+@all -@admin -@dangerous',
    without: '+@all',
  },
  {
    name: 'versions',
    file: 'charts/pins.ts',
    text: 'redis:8.6.3-',
    without: 'redis:8.6.2-',
  },
  {
    name: 'durability',
    file: 'services/core/runtime/durable-redis.ts',
    text: "['appendfsync', 'always'],",
    without: '',
  },
  {
    name: 'memory full',
    file: 'services/core/queue/scripts/script.ts',
    text: "admit: '',",
    without: "admit: ' flags=allow-oom',",
  },
  {
    name: 'fencing',
    file: 'services/core/queue/scripts/end.ts',
    text: "if job.state ~= 'running' or job.fence ~= fence then",
    without: "if job.state ~= 'running' then",
  },
  {
    name: 'self-fencing',
    file: 'services/agent/fence.ts',
    text: 'if (running > 0) onSilence();',
    without: '',
  },
  {
    name: 'nothing in silence',
    file: 'services/agent/fence.ts',
    text: 'await untilHeard(given.signal);',
    without: '',
  },
];
