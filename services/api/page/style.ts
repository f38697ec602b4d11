/** One sheet for all pages; light and dark as the browser wishes, readable on a phone. */
export const style = `
:root { color-scheme: light dark; --dim: color-mix(in srgb, CanvasText 60%, Canvas);
  --line: color-mix(in srgb, CanvasText 15%, Canvas); --good: #1a7f37; --bad: #cf222e; --busy: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --busy: #d29922; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
a { color: inherit; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
.dim { color: var(--dim); }
.bar { position: sticky; top: 0; padding: .25rem 0; background: Canvas; }
.state { font-weight: 600; }
.success { color: var(--good); }
.failure, .timeout, .dead { color: var(--bad); }
.running, .cancelling, .cancelled { color: var(--busy); }
ol, ul { list-style: none; margin: 1rem 0; padding: 0; border-top: 1px solid var(--line); }
li { display: flex; gap: .75rem; flex-wrap: wrap; padding: .4rem 0; border-bottom: 1px solid var(--line); }
li > :first-child { flex: 1 1 10rem; overflow-wrap: anywhere; }
pre { margin: 1rem 0; padding: .75rem; border: 1px solid var(--line); border-radius: .25rem; min-height: 6rem;
  font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
`;
