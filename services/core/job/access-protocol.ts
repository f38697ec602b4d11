import * as z from 'zod';
import { nameSchema, repositoryIdSchema } from './names.ts';

/** What people and their API tokens may do, each rung with all that stands before it. */
export const personRoles = ['view', 'trigger', 'admin'] as const;
export const personRoleSchema = z.enum(personRoles);
export type PersonRole = z.infer<typeof personRoleSchema>;

const time = z.int().nonnegative();
const limitSchema = z.array(repositoryIdSchema).min(1).max(100);

/** `POST /tokens`: at most a year. */
export const newTokenSchema = z.strictObject({
  name: nameSchema,
  role: personRoleSchema,
  /** The only repositories that it knows. @default all */
  repositories: limitSchema.optional(),
  expiresInDays: z.int().min(1).max(365).default(90),
});
export type NewToken = z.input<typeof newTokenSchema>;

/** An API token as it may be shown: all but itself. Times are milliseconds since 1970. */
export const apiTokenSchema = z.object({
  name: nameSchema,
  role: personRoleSchema,
  repositories: limitSchema.optional(),
  createdBy: z.string(),
  createdAt: time,
  expiresAt: time,
  /** The day, as `2026-01-31` (UTC). Absent: never. */
  lastUsed: z.iso.date().optional(),
});
export type ApiToken = z.infer<typeof apiTokenSchema>;

/** The answer to `POST /tokens`: the token itself, this once. */
export const createdTokenSchema = apiTokenSchema.extend({ token: z.string() });
export type CreatedToken = z.infer<typeof createdTokenSchema>;

/** `GET /me`: whose credential it is, and what it may. */
export const meSchema = z.object({
  actor: z.string(),
  name: z.string().optional(),
  role: personRoleSchema,
  repositories: limitSchema.optional(),
  /** The name of the API token that was sent. */
  token: nameSchema.optional(),
  expiresAt: time.optional(),
});
export type Me = z.infer<typeof meSchema>;

/** `GET /sessions`: one browser that is signed in. */
export const sessionSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  actor: z.string(),
  name: z.string().optional(),
  role: personRoleSchema,
  createdAt: time,
  /** Whatever happens; it ends sooner where it is not used. */
  endsAt: time,
  /** The one that asks. */
  current: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;

/** `POST /oauth/device_authorization` (RFC 8628, 3.2); times are seconds. */
export const deviceAuthorizationSchema = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.url(),
  verification_uri_complete: z.url(),
  expires_in: z.int().positive(),
  interval: z.number().positive(),
});
export type DeviceAuthorization = z.infer<typeof deviceAuthorizationSchema>;

/** `POST /oauth/token` (RFC 6749, 5.1); the scope is the role. */
export const deviceTokenSchema = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().positive(),
  scope: personRoleSchema,
});
export type DeviceToken = z.infer<typeof deviceTokenSchema>;
