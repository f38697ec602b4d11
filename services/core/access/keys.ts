/*
 * The room's own keys; nobody else reads or writes them. Each secret is named by its sha256, so that who
 * reads Redis learns none, and each key expires by itself, but for the three lists, whose entries do, and the
 * audit log; what repositories are given to use is sealed, and stays until it is removed.
 *
 *   key                         value                                      written by
 *   access:claim:<sha256>       pool                                       claim-tokens.ts
 *   access:claimed:<sha256>     agent                                      claim-tokens.ts
 *   access:code:<sha256>        path                                       page-codes.ts
 *   access:session:<sha256>     who, which role, when it ends              sessions.ts
 *   access:sessions             ZSET sha256, by the end of the session     sessions.ts
 *   access:token:<sha256>       an API token's role, limit, maker, end     api-tokens.ts
 *   access:token-name:<name>    sha256                                     api-tokens.ts
 *   access:token-day:<sha256>   the day of its last use                    api-tokens.ts
 *   access:tokens               ZSET sha256, by the end of the token       api-tokens.ts
 *   access:limit:<bucket>:<sha256 of whose>  when it is full again; gone then  rate-limit.ts
 *   access:{audit}              STREAM of records, `<n>-0`; trimmed        audit-chain.ts
 *   access:{audit}:chain        HASH head, and the last record trimmed     audit-chain.ts
 *   access:{audit}:refusals     HASH refusal → how often, until recorded   audit-chain.ts
 *   access:secrets:<repository> HASH name → a sealed secret                repository-secrets.ts
 *   access:device:<sha256>      HASH what asks, how far it is              device-logins.ts
 *   access:device-user:<sha256> sha256 of the device code                  device-logins.ts
 *   access:devices              ZSET sha256, by when it waits no longer    device-logins.ts
 *   access:device-tries:<sha256> codes that a person tried                 device-logins.ts
 */
export const keys = {
  claim: (hash: string) => `access:claim:${hash}`,
  claimed: (hash: string) => `access:claimed:${hash}`,
  code: (hash: string) => `access:code:${hash}`,
  secrets: (repository: string) => `access:secrets:${repository}`,
  session: (hash: string) => `access:session:${hash}`,
  sessions: 'access:sessions',
  token: (hash: string) => `access:token:${hash}`,
  tokenName: (name: string) => `access:token-name:${name}`,
  tokenDay: (hash: string) => `access:token-day:${hash}`,
  tokens: 'access:tokens',
  bucket: (name: string, hash: string) => `access:limit:${name}:${hash}`,
  audit: 'access:{audit}',
  auditChain: 'access:{audit}:chain',
  refusals: 'access:{audit}:refusals',
  device: (hash: string) => `access:device:${hash}`,
  deviceUser: (hash: string) => `access:device-user:${hash}`,
  deviceTries: (hash: string) => `access:device-tries:${hash}`,
  devices: 'access:devices',
};
