/** What a token is for: questions and statuses at the API, or to read what git holds and nothing else. */
export type TokenUse = 'api' | 'clone';

export interface TokenQuestion {
  /** `owner/name` */
  repository: string;
  use: TokenUse;
  /** One that the forge no longer takes: another is made. */
  refused?: string;
}

/** What a forge is shown: a token for all that it lets see, or what gets one for a repository. */
export type ForgeToken = string | ((question: TokenQuestion) => Promise<string>);

export interface ForgeTokens {
  readonly gitea?: ForgeToken | undefined;
  readonly github?: ForgeToken | undefined;
}

/** @throws RestError where the forge gives none */
export async function toToken(token: ForgeToken, question: TokenQuestion): Promise<string> {
  return typeof token === 'string' ? token : token(question);
}
