/** Who may do what: tokens, one-time codes, sessions, and the secrets that a program is trusted with. */
export { type ApiTokens, apiTokenPattern, createApiTokens } from './api-tokens.ts';
export { AccessError } from './ask.ts';
export { type AuditChain, createAuditChain, type Refusal } from './audit-chain.ts';
export { readCacheToken, toCacheToken } from './cache-token.ts';
export { type ClaimTokens, createClaimTokens } from './claim-tokens.ts';
export { createDeviceLogins, type DeviceLogins } from './device-logins.ts';
export {
  atMost,
  type Identity,
  isPerson,
  knowsRepository,
  type Person,
  type Role,
  reaches,
  toActor,
  toLimit,
} from './identity.ts';
export { createPageCodes, type PageCodes } from './page-codes.ts';
export { createRateLimits, type Limit, type RateLimits, type Verdict } from './rate-limit.ts';
export {
  createRepositorySecrets,
  type OpenSecret,
  type RepositorySecrets,
} from './repository-secrets.ts';
export { SealError } from './seal.ts';
export { readSecrets, SecretError, type Secrets } from './secrets.ts';
export { createSecretsKey } from './secrets-key.ts';
export { createSessions, type Sessions, toSessionId } from './sessions.ts';
export { type Grant, signToken, verifyToken } from './signed-token.ts';
export {
  claimTokenPattern,
  createClaimToken,
  createToken,
  hashToken,
  isToken,
  readJobToken,
  toJobToken,
} from './token.ts';
