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
p:empty { display: none; }
.top { display: flex; justify-content: space-between; gap: 1rem; }
.top > a:only-child.dim { margin-left: auto; }
.dim { color: var(--dim); font-size: .875rem; }
.bar { position: sticky; top: 0; padding: .25rem 0; background: Canvas; }
.state { font-weight: 600; }
.success { color: var(--good); }
.failure, .timeout, .dead { color: var(--bad); }
.running, .cancelling, .cancelled { color: var(--busy); }
.waiting, .blocked, .delayed, .queued, .pending, .skipped { color: var(--dim); }
ol, ul { list-style: none; margin: 1rem 0; padding: 0; border-top: 1px solid var(--line); }
li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 .75rem; align-items: baseline;
  padding: .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
ol li { grid-template-columns: minmax(0, 1fr) auto 5rem; }
ol .dim { text-align: right; font-variant-numeric: tabular-nums; }
ul a, ul .dim { overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
ul a { text-decoration-color: var(--line); text-underline-offset: .2em; }
small { color: var(--dim); }
[data-measured] { border: 0; }
[data-measured] li { border: 0; padding: 0; display: block; }
[data-measured]:empty { display: none; }
form { margin: .25rem 0; }
input, button { font: inherit; padding: .25rem .75rem; }
.code { font: 1.5rem ui-monospace, monospace; letter-spacing: .1em; }
pre { margin: 1rem 0; padding: .75rem; border: 1px solid var(--line); border-radius: .25rem; min-height: 6rem;
  font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 8; }
pre:empty::before { content: 'no output'; color: var(--dim); }
`;
