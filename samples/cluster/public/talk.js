import { route } from './places.js';
import { element, showMessage } from './view.js';

/** Limit of remembered messages. */
const MAX_KNOWN = 1000;

/** The elements of messages, by the id of each. */
const items = new Map();

/** Whether an offset, `epoch-n`, comes after another of the same epoch. */
export function isAfter(offset, other) {
  const [epoch, number] = offset.split('-');
  const [otherEpoch, otherNumber] = other.split('-');
  return epoch === otherEpoch && Number(number) > Number(otherNumber);
}

export function forgetMessages() {
  items.clear();
}

/** Shows a message at its place in the talk. Returns false for a message that was shown before. */
export function showSaid(said, offset, { mine, worker }) {
  const before = items.get(said.id);
  if (before?.dataset.offset !== undefined) return false;
  before?.remove();
  const item = show(said, mine, worker);
  item.dataset.offset = offset;
  putInOrder(item, offset);
  return true;
}

/** Shows a message that others have not got yet: it gets its place later. */
export function showWaiting(said, { mine, worker }) {
  if (items.has(said.id)) return;
  show(said, mine, worker, element('span', 'waits', 'waits for Redis')).classList.add('waiting');
}

function show(said, mine, worker, ...notes) {
  const item = showMessage(said, mine, ...notes, route(said.worker, worker));
  items.set(said.id, item);
  if (items.size > MAX_KNOWN) items.delete(items.keys().next().value);
  return item;
}

/** Missed messages may come after newer ones. */
function putInOrder(item, offset) {
  let next = item;
  for (let other = item.previousElementSibling; other !== null; other = other.previousElementSibling) {
    const theirs = other.dataset.offset;
    if (theirs === undefined) continue;
    if (!isAfter(theirs, offset)) break;
    next = other;
  }
  if (next !== item) next.before(item);
}
