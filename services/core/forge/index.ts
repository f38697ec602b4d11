/** What a forge tells us, and what we ask it: webhooks in, heads out. Knows of no queue. */
export { type ForgeEvent, type ForgeEventKind, PayloadError } from './event.ts';
export { type GitCredentials, HeadsError, type ReadHeadsOptions, readHeads } from './heads.ts';
export { type Origins, originSchema, toCloneUrl } from './origin.ts';
export { readSignature, toSignature, verifySignature } from './signature.ts';
export { parseWebhook, type Webhook } from './webhook.ts';
