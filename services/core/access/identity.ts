/**
 * Who asks. `admin` is the owner; `launcher` is the parent that starts agents; `metrics` reads figures
 * only; `page` is a browser that came by a one-time code, and only looks; `claim` may take one job (its
 * token is proved by the claim itself); `job` is the agent of one.
 */
export type Identity =
  | { role: 'admin' | 'launcher' | 'metrics' | 'page' }
  | { role: 'claim'; token: string }
  | { role: 'job'; job: string; fence: number };

export type Role = Identity['role'];
