/**
 * What the explorer does in the browser: finds operations, and asks the api what a form says. It puts text into
 * text nodes and nothing else; a token stays in its field.
 */
export const explorerScript = `
'use strict';
const root = document.getElementById('explorer');
const most = 200000; // characters of an answer that are shown

function show(form, status, text) {
  form.querySelector('[data-status]').textContent = status;
  const answer = form.parentElement.querySelector('[data-answer]');
  answer.hidden = text === '';
  answer.textContent = text.slice(0, most);
}

function toAddress(operation, form) {
  let path = operation.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const field of form.querySelectorAll('[data-in]')) {
    const { value, name } = field;
    if (field.dataset.in === 'path') path = path.replace('{' + name + '}', encodeURIComponent(value));
    else if (value === '') continue;
    else if (field.dataset.in === 'query') query.append(name, value);
    else headers[name] = value;
  }
  return { address: path + (query.size === 0 ? '' : '?' + query), headers };
}

function toText(type, text) {
  if (!type.includes('json')) return text;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

async function ask(operation, form) {
  const { address, headers } = toAddress(operation, form);
  const token = root.querySelector('[data-token]').value.trim();
  if (token !== '') headers.authorization = 'Bearer ' + token;
  const body = form.querySelector('textarea')?.value;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const over = new AbortController();
  // A stream never ends: its beginning is shown.
  const streams = operation.dataset.streams === 'true';
  const timer = setTimeout(() => over.abort(), streams ? 3000 : 20000);
  let text = '';
  let status = '';
  let type = '';
  try {
    const method = operation.dataset.method.toUpperCase();
    const answer = await fetch(address, { method, headers, body, signal: over.signal, credentials: 'same-origin' });
    status = method + ' ' + address + ': ' + answer.status;
    type = answer.headers.get('content-type') ?? '';
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done || text.length > most) break;
      text += part.value;
    }
  } catch (error) {
    if (status === '') status = String(error.message);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
  show(form, status, toText(type, text));
}

root.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  show(form, 'asking', '');
  void ask(form.closest('[data-operation]'), form);
});

root.querySelector('[data-find]').addEventListener('input', (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const operation of root.querySelectorAll('[data-operation]'))
    operation.hidden = !operation.querySelector('summary').textContent.toLowerCase().includes(wanted);
  for (const section of root.querySelectorAll('[data-tag]'))
    section.hidden = section.querySelector('[data-operation]:not([hidden])') === null;
});
`;
