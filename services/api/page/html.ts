import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { formatBytes, toDisplay } from '../../core/display/index.ts';
import type { Artifact, Job, JobAnswer } from '../../core/job/index.ts';
import type { PageLog } from './log.ts';
import { script } from './script.ts';
import { style } from './style.ts';
import { type JobView, toJobView } from './view.ts';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/**
 * Our one script and one sheet run, named by their hash, and nothing else does; the page speaks to nobody
 * but us, and stands in nobody's frame.
 */
export function toPolicy(only: string, sheet: string): string {
  return [
    "default-src 'none'",
    `script-src '${toHash(only)}'`,
    `style-src '${toHash(sheet)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export const pagePolicy = toPolicy(script, style);

function toHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** Filled by the server, so that it is read without a script; the script then follows. */
export function toJobPage({ job, result }: JobAnswer, log: PageLog, who?: string): Html {
  const view = toJobView(job, result);
  return toPage(
    view.title,
    html`<main id="job">
<p class="top"><a href="/">all jobs</a>${toWho(who)}</p>
<h1 data-subject>${view.subject}</h1>
<p class="dim" data-about>${view.about.join(' · ')}</p>
<p class="bar"><span data-state class="state ${view.state}">${view.state}</span> <span data-time class="dim"></span>
<span data-line class="dim" role="status"></span></p>
<p data-reason>${view.reason}</p>
<ol data-steps>${view.steps.map((step) => toStep(step))}</ol>
<ul class="dim" data-measured>${view.measured.map((line) => html`<li>${line}</li>`)}</ul>
<p class="dim" data-cut hidden>The beginning is not shown.</p>
${toLog(log)}
<p class="dim"><noscript>${log.cut ? 'The log goes on: ' : ''}</noscript><a href="/api/v1/jobs/${job.id}/log">the whole log, byte for byte</a> · <a href="/jobs/${job.id}/artifacts">files that it kept</a></p>
</main>
<script>${raw(script)}</script>`,
    view.final ? '' : html`<noscript><meta http-equiv="refresh" content="5"></noscript>`,
  );
}

function toStep({ name, state, exitCode = 0, measures }: JobView['steps'][number]): Html {
  const code = exitCode > 0 ? ` ${exitCode}` : '';
  return html`<li><span>${name} <small>${measures}</small></span><span class="state ${state}">${state}${code}</span></li>`;
}

/** A parser drops a line break at the beginning of a `pre` (HTML, 13.2.6.4.7): ours, so that the log's stays. */
function toLog({ text, position }: PageLog): Html {
  return html`<pre data-log="${position}" aria-label="log">${text === '' ? '' : `\n${text}`}</pre>`;
}

/** The files that a job kept, each to be saved. */
export function toArtifactsPage(job: Job, artifacts: readonly Artifact[], who?: string): Html {
  const { subject, about } = toJobView(job);
  const rows = artifacts.map(({ path, size }) => {
    const address = `/api/v1/jobs/${job.id}/artifacts/file?path=${encodeURIComponent(path)}`;
    return html`<li><a href="${address}" download>${path}</a> <span class="dim">${formatBytes(size)}</span></li>`;
  });
  const none = html`<p>It has kept none, or they were too old.</p>`;
  return toPage(
    `files: ${subject}`,
    html`<p class="top"><a href="/jobs/${job.id}">${subject}</a>${toWho(who)}</p><h1>Files</h1>
<p class="dim">${about.join(' · ')}</p>${rows.length === 0 ? none : html`<ul>${rows}</ul>`}`,
  );
}

/** The newest jobs; it loads itself anew. */
export function toIndexPage(jobs: readonly Job[], who?: string): Html {
  const rows = jobs.map((job) => {
    const { state, subject, about } = toJobView(job);
    return html`<li><a href="/jobs/${job.id}">${subject}</a><span class="state ${state}">${state}</span>
<span class="dim">${about.join(' · ')}</span></li>`;
  });
  const none = html`<p>No job yet: push something.</p>`;
  return toPage(
    'Bellows',
    html`<p class="top">${toWho(who)}</p><h1>Jobs</h1>${rows.length === 0 ? none : html`<ul>${rows}</ul>`}`,
    html`<meta http-equiv="refresh" content="10">`,
  );
}

/** Who looks, and the way to sign out. */
function toWho(who: string | undefined): Html | string {
  return who === undefined ? '' : html`<a class="dim" href="/session">${toDisplay(who)}</a>`;
}

/** A refusal that a person reads. */
export function toProblemPage(title: string, detail: string, canSignIn = false): Html {
  const again = canSignIn ? html`<p><a href="/sign-in">Sign in</a></p>` : '';
  return toPage(title, html`<h1>${title}</h1><p>${detail}</p>${again}`);
}

export function toPage(title: string, body: Html, head: Html | string = '', sheet = style): Html {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${head}
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(sheet)}</style>
${body}
</html>
`;
}
