import { style } from './style.ts';

/** That of all pages, and what only the explorer has. */
export const explorerStyle = `${style}
h2 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 4.5rem; }
.get { color: var(--good); }
.delete { color: var(--bad); }
.post, .put, .patch { color: var(--busy); }
form { display: grid; gap: .5rem; margin: .5rem 0; justify-items: start; }
label { display: grid; gap: .125rem; width: 100%; max-width: 40rem; }
input, textarea, button { font: inherit; padding: .25rem .5rem; border: 1px solid var(--line); border-radius: .25rem;
  background: Canvas; color: CanvasText; }
textarea { font: 13px/1.45 ui-monospace, monospace; }
pre { max-height: 30rem; overflow: auto; min-height: 0; }
`;
