/*
 * The room's own keys; nobody else reads or writes them. Each is named by the sha256 of its secret, so
 * that who reads Redis learns no token, and each expires by itself.
 *
 *   key                       value            written by
 *   access:claim:<sha256>     pool             claim-tokens.ts
 *   access:claimed:<sha256>   agent            claim-tokens.ts
 *   access:code:<sha256>      path             pages.ts
 *   access:session:<sha256>   path             pages.ts
 */
export const keys = {
  claim: (hash: string) => `access:claim:${hash}`,
  claimed: (hash: string) => `access:claimed:${hash}`,
  code: (hash: string) => `access:code:${hash}`,
  session: (hash: string) => `access:session:${hash}`,
};
