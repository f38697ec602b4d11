import { z } from 'zod';

const text = z.string().min(1);

/** The environment of the backup program. */
export const backupConfigSchema = z.object({
  BELLOWS_BACKUP: text
    .regex(/^[a-z]{1,20}$/, 'expected a word such as redis')
    .describe('Of what this is a copy, in a word: redis, gitea, postgres.'),
  BELLOWS_BACKUP_FILE: text
    .regex(/^\//, 'expected a path from /')
    .describe('The copy: what is put away, or what a restore writes.'),
  BELLOWS_BACKUP_RESTORE: text
    .regex(/^(?:latest|\d{8}T\d{6}Z)$/, 'expected latest, or a time such as 20261121T030000Z')
    .optional()
    .describe('Bring back this copy, in place of putting one away.'),
  BELLOWS_BACKUP_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(14)
    .describe('How long a copy is kept. The newest three are kept in any case.'),
  BELLOWS_STORE: text
    .regex(/^(?:\/|https?:\/\/[^/?#@]+\/)[^?#@]*[^?#@/]$/, 'expected /a/folder or https://endpoint/bucket')
    .describe('Where copies are: a folder, or a bucket of an S3-compatible store.'),
  BELLOWS_STORE_REGION: text.default('us-east-1').describe('Of the S3-compatible store.'),
  BELLOWS_SECRETS_DIR: text.optional().describe('Folder with s3-access-key and s3-secret-key, for a bucket.'),
});

export type BackupConfig = z.infer<typeof backupConfigSchema>;
