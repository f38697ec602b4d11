import * as z from 'zod';
import { label } from './scalars.ts';

const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.@-]{0,62}$/, 'expected a name such as "gitea"')
  .default('gitea');

export const databaseServerSchema = z
  .strictObject({
    host: z
      .string()
      .max(253)
      .regex(
        /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/,
        'expected a host such as "db.example.org" or "pg-rw.databases.svc"',
      )
      .describe('Its name, as its certificate has it; a Service of this cluster as <name>.<namespace>.svc.'),
    port: z.int().min(1).max(65_535).default(5432).describe('Where it listens.'),
    name: name.describe('The database, which has to exist.'),
    user: name.describe('Who owns it.'),
    tls: z
      .enum(['verify-full', 'verify-ca', 'require', 'disable'])
      .default('verify-full')
      .describe(
        'verify-full: a certificate of the authority in the Secret, for this host; verify-ca: for any host; require: encrypted, and nobody proves who answers; disable: in plain text.',
      ),
    credentials: label.describe(
      'A Secret in the namespace ci with password and, for verify-full and verify-ca, ca.crt: the certificates of its authority.',
    ),
    addresses: z
      .array(z.cidrv4('expected a range such as "192.168.1.10/32"'))
      .min(1)
      .max(32)
      .optional()
      .describe('Where it is, if it has no public address and is not of this cluster.'),
  })
  .describe('A PostgreSQL that others run, in place of one of our own.');
