/**
 * What the page of a job does in the browser. It puts text into text nodes and nothing else, and holds one
 * connection while the page is seen: browsers allow six to one host, for all tabs together.
 */
export const script = `
'use strict';
const root = document.getElementById('job');
const at = (name) => root.querySelector('[data-' + name + ']');
const log = at('log');
const page = document.documentElement;
const most = 400000; // characters of the log on the page; the whole log is a link away
let view;
let last = log.dataset.log; // the server wrote the log up to here
let attempt = last.split('-')[0];
let fresh = '';
let source;

function put(name, text) {
  const element = at(name);
  if (element.textContent !== text) element.textContent = text;
  return element;
}

function toTime(from, to) {
  if (from === undefined) return '';
  const seconds = Math.max(0, Math.round(((to ?? Date.now()) - from) / 1000));
  return seconds < 60 ? seconds + ' s' : Math.floor(seconds / 60) + ' min ' + (seconds % 60) + ' s';
}

function toRow(step) {
  const row = document.createElement('li');
  const code = step.exitCode > 0 ? ' ' + step.exitCode : '';
  for (const [text, look] of [[step.name, ''], [step.state + code, 'state ' + step.state], [toTime(step.startedAt, step.finishedAt), 'dim']]) {
    const cell = document.createElement('span');
    cell.textContent = text;
    cell.className = look;
    row.append(cell);
  }
  const used = document.createElement('small');
  used.textContent = step.measures;
  row.firstChild.append(' ', used);
  return row;
}

function draw() {
  if (view === undefined) return;
  document.title = view.title;
  put('state', view.state).className = 'state ' + view.state;
  put('subject', view.subject);
  put('about', view.about.join(' · '));
  put('reason', view.reason);
  put('time', toTime(view.startedAt, view.finishedAt));
  at('steps').replaceChildren(...view.steps.map(toRow));
  at('measured').replaceChildren(...view.measured.map((line) => {
    const item = document.createElement('li');
    item.textContent = line;
    return item;
  }));
  const color = getComputedStyle(at('state')).color;
  const icon = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="' + color + '"/></svg>';
  document.querySelector('link[rel=icon]').href = 'data:image/svg+xml,' + encodeURIComponent(icon);
}

function write({ lastEventId, data }) {
  const fence = lastEventId.split('-')[0];
  if (fence !== attempt) {
    log.replaceChildren(); // another attempt, another log
    at('cut').hidden = true;
    fresh = '';
  }
  attempt = fence;
  last = lastEventId;
  const { text } = JSON.parse(data);
  if (fresh === '' && text !== '') requestAnimationFrame(append);
  fresh += text;
}

/** Once a frame, and cut rarely, by half: each time, the browser lays out what follows. */
function append() {
  // A reader who is at the end of a log that grows stays there; a finished log is read from its beginning.
  const follows = !view?.final && page.scrollHeight - page.clientHeight - page.scrollTop < 40;
  log.append(document.createTextNode(fresh));
  fresh = '';
  const { length } = log.textContent;
  for (let over = length > most ? length - most / 2 : 0; over > 0; at('cut').hidden = false) {
    const { firstChild } = log;
    const { data } = firstChild;
    if (data.length > over) firstChild.data = data.slice(over);
    else firstChild.remove();
    over -= data.length;
  }
  if (follows) page.scrollTop = page.scrollHeight;
}

function open() {
  source = new EventSource(location.pathname + '/live' + (last === '' ? '' : '?from=' + last));
  source.addEventListener('job', ({ data }) => {
    const first = view === undefined;
    view = JSON.parse(data);
    draw();
    if (first && !view.final) page.scrollTop = page.scrollHeight;
  });
  source.addEventListener('chunk', write);
  source.addEventListener('end', () => close());
  source.addEventListener('open', () => put('line', ''));
  source.addEventListener('error', () => {
    put('line', 'not connected; trying again');
    // Browsers try again by themselves, but not after an answer that is no stream.
    if (source?.readyState !== 2) return;
    close();
    setTimeout(() => document.hidden || source || open(), 2000);
  });
}

function close() {
  source?.close();
  source = undefined;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) close();
  else if (source === undefined && !view?.final) open();
});
setInterval(() => view?.final || draw(), 1000);
open();
`;
