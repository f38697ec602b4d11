import * as z from 'zod';

export const githubSchema = z
  .strictObject({
    app: z
      .int()
      .min(1)
      .optional()
      .describe(
        'The number of a GitHub App that is installed where the repositories are, in place of a token. Its private key is github-app-key of the Secret bellows-forges.',
      ),
  })
  .prefault({})
  .describe('What the api is to GitHub.');
