/** Redis did not answer; nothing is known of the call. */
export class AccessError extends Error {
  override name = 'AccessError';
}

export async function ask<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new AccessError(
      'Redis does not answer, so nobody can be let in. It is asked again with each request.',
      {
        cause,
      },
    );
  }
}
