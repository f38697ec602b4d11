/** What a commit says of itself. Hostile bytes. */
export interface Commit {
  message: string;
  authorEmail: string;
  /** Of the committer, seconds since 1970. */
  at: number | undefined;
}

/** Reads what `git cat-file commit` prints: gitformat-commit. Nothing is thrown, whatever it is. */
export function parseCommit(text: string): Commit {
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  const line = (name: string) => head.split('\n').find((one) => one.startsWith(`${name} `)) ?? '';
  const [, authorEmail = ''] = /<([^<>\n]*)> \d+ [-+]\d{4}$/.exec(line('author')) ?? [];
  const [, at] = /> (\d{1,15}) [-+]\d{4}$/.exec(line('committer')) ?? [];
  return {
    message: end < 0 ? '' : text.slice(end + 2).trim(),
    authorEmail,
    at: at === undefined ? undefined : Number(at),
  };
}
