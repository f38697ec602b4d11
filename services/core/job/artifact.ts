import * as z from 'zod';

/** Files that a job keeps, from its agent to whoever downloads them. */

export const artifactLimits = {
  /** Files of a job, and of one step's. */
  files: 1000,
  /** Characters of a path. */
  path: 500,
  /** What is sent at a time; a part of the format of what is stored, so never changed. */
  partBytes: 1024 * 1024,
} as const;

/** A relative path of plain names: it means the same to every file system, shell, URL and header. */
export const artifactPathSchema = z
  .string()
  .max(artifactLimits.path)
  .regex(
    /^(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9._-]{1,100}(?:\/[A-Za-z0-9._-]{1,100})*$/,
    'expected a path of names with letters, digits, dots, dashes and _, each of 1 to 100',
  );

export const artifactSchema = z.object({
  path: artifactPathSchema,
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Artifact = z.infer<typeof artifactSchema>;

/** `GET /jobs/:id/artifacts`: those of its newest attempt, by path. */
export const artifactsSchema = z.object({ artifacts: z.array(artifactSchema) });
export type Artifacts = z.infer<typeof artifactsSchema>;

/** `POST /agent/jobs/:id/artifacts`: what one step is about to send, as one row of bytes. */
export const newBundleSchema = z.strictObject({
  bytes: z.int().nonnegative(),
  files: z.int().min(1),
});
export type NewBundle = z.infer<typeof newBundleSchema>;
/** Its number; parts of `artifactLimits.partBytes` follow, the last one shorter. */
export const bundleSchema = z.object({ bundle: z.int().positive() });

/** `POST /agent/jobs/:id/artifacts/:bundle`: the files that the row of bytes is, in their order. */
export const bundleFilesSchema = z.strictObject({
  files: z.array(artifactSchema.strict()).min(1).max(artifactLimits.files),
});
export type BundleFiles = z.infer<typeof bundleFilesSchema>;
