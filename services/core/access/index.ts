/** Who may do what: tokens, one-time codes, sessions, and the secrets that a program is trusted with. */
export { AccessError } from './ask.ts';
export { type ClaimTokens, createClaimTokens } from './claim-tokens.ts';
export {
  atMost,
  type Identity,
  isPerson,
  knowsRepository,
  type Person,
  type PersonRole,
  personRoles,
  type Role,
  reaches,
  toActor,
  toLimit,
} from './identity.ts';
export { createPages, type Pages, sessionMs } from './pages.ts';
export { readSecrets, SecretError, type Secrets } from './secrets.ts';
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
