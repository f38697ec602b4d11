/** What forges say and are told: webhooks and heads in, commit statuses out. Knows of no queue. */
export { type PullComment, putComment } from './comment.ts';
export { type ForgeEvent, type ForgeEventKind, PayloadError, type ToldEvent } from './event.ts';
export { isRecent } from './event-time.ts';
export { toFacts } from './facts.ts';
export { createAppTokens, type GithubApp } from './github-app.ts';
export { type GitCredentials, type Heads, HeadsError, type ReadHeadsOptions, readHeads } from './heads.ts';
export { toHookWords } from './hook-events.ts';
export {
  type ClosedPull,
  type CommitWords,
  createLookup,
  type Lookup,
  LookupError,
  type ToldQuestion,
} from './lookup.ts';
export { type OpenedEvent, toCommit, toMoved, toPullRef } from './movement.ts';
export { type Origins, originSchema, toCloneUrl } from './origin.ts';
export { type GitQuestion, PassGitError, passGit } from './pass-git.ts';
export { findLfs, type LfsPlace, lfsObjectSchema, mostLfsObjects, openLfs } from './pass-lfs.ts';
export { type ForgeAccess, RestError, toApiUrl } from './rest.ts';
export { readSignature, toSignature, verifySignature } from './signature.ts';
export { postStatus, type StatusAnswer, type StatusToPost } from './status.ts';
export { type ForgeToken, type ForgeTokens, toToken } from './token.ts';
export { parseWebhook, type Webhook } from './webhook.ts';
