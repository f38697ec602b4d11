import { html } from 'hono/html';
import type { Person } from '../../core/access/index.ts';
import { formatAge, toDisplay } from '../../core/display/index.ts';
import type { PersonRole, Session } from '../../core/job/index.ts';
import { type Html, pagePolicy, toPage } from './html.ts';

/** A page with a form of ours. */
export const formPolicy = pagePolicy.replace("form-action 'none'", "form-action 'self'");

/** Who is signed in, everywhere they are. */
export function toSessionPage(person: Person, sessions: readonly Session[], now: number): Html {
  const rows = sessions.map(
    ({ id, createdAt, current }) => html`<li><span>${current ? 'this browser' : 'another browser'}</span>
<form method="post" action="/sessions/${id}/end"><button>sign out</button></form>
<span class="dim">signed in ${formatAge(now - createdAt)} ago</span></li>`,
  );
  return toPage(
    'Signed in',
    html`<main>
<p><a href="/">all jobs</a></p>
<h1>${toDisplay(person.name ?? person.actor)}</h1>
<p class="dim">${toDisplay(person.actor)} · ${person.role}</p>
${rows.length === 0 ? '' : html`<ul>${rows}</ul>`}
<form method="post" action="/sign-out"><button>Sign out</button></form>
</main>`,
  );
}

export function toSignedOutPage(canSignIn: boolean): Html {
  const again = html`<p><a href="/sign-in">Sign in</a></p>`;
  return toPage('Signed out', html`<h1>You are signed out.</h1>${canSignIn ? again : ''}`);
}

/** Where the code that a terminal shows is typed. */
export function toCodePage(problem = ''): Html {
  return toPage(
    'Sign in a terminal',
    html`<main>
<h1>Sign in a terminal</h1>
<p>${problem}</p>
<form method="get" action="/device"><label>The code that it shows
<input name="user_code" required maxlength="20" autocomplete="off" autocapitalize="characters" spellcheck="false" autofocus></label>
<button>Go on</button></form>
</main>`,
  );
}

/** What asks, what it would get, and the two answers. */
export function toConfirmPage(
  request: { device: string; address: string },
  userCode: string,
  as: { person: Person; role: PersonRole },
): Html {
  const name = toDisplay(as.person.name ?? as.person.actor);
  return toPage(
    'Sign in a terminal',
    html`<main>
<h1>Does your terminal show this code?</h1>
<p class="code">${userCode}</p>
<p>It calls itself ${toDisplay(request.device)}, asks from ${request.address}, and would act as ${name} with the role ${as.role} for 30 days.</p>
<p>If you did not just start to sign in yourself, somebody else did: refuse.</p>
<form method="post" action="/device"><input type="hidden" name="user_code" value="${userCode}">
<button name="answer" value="allow">Allow</button> <button name="answer" value="refuse">Refuse</button></form>
</main>`,
  );
}

export function toDecidedPage(allowed: boolean): Html {
  const text = allowed ? 'Your terminal is signed in.' : 'Refused: it gets nothing.';
  return toPage('Sign in a terminal', html`<h1>${text}</h1><p>This page may be closed.</p>`);
}
