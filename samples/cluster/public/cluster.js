import {
  isTalking,
  openFrame,
  remember,
  returnText,
  showError,
  showJoin,
  showLink,
  showRoom,
  showTalk,
  stopTalk,
} from './frame.js';
import { Link } from './link.js';
import { Memory } from './memory.js';
import { showPeople, showPlace } from './places.js';
import { forgetMessages, isAfter, showSaid, showWaiting } from './talk.js';
import { scrollToEnd, showNotice, showPresence } from './view.js';

/** The pause before asking again for missed messages. */
const RETRY_MS = 3000;
const ALONE = 'Connected, without Redis: other processes cannot be reached';

let link;
let memory;
/** Our nickname; undefined before the user has joined. */
let nickname;
/** The process that we are connected to. */
let worker;
/** The offset after which messages are to be asked for when we come back. */
let since;
/** The offset of the latest message that came. */
let latest;
/** Messages after `since` were not available yet. */
let behind = false;
let retry;
/** The connection was lost since we had joined. */
let isLost = false;
/** Requests that wait for an answer, by id. */
const asked = new Map();
let lastId = 0;
/** Messages that were sent and have not come back yet. */
let unheard = [];

const events = {
  'chat.said'(said, offset) {
    if (latest === undefined || !isAfter(latest, offset)) latest = offset;
    if (!behind) since = latest;
    const mine = hear(said);
    if (showSaid(said, offset, { mine, worker })) memory.had(offset);
  },
  'chat.waiting'(said) {
    showWaiting(said, { mine: hear(said), worker });
  },
  'chat.people'({ members, joined, left, time }) {
    showPeople(members, nickname);
    for (const who of left) if (who !== nickname) showPresence({ nickname: who, time }, 'left');
    for (const who of joined) if (who !== nickname) showPresence({ nickname: who, time }, 'joined');
  },
  'chat.redis'({ alone, lost }) {
    showRedis(alone);
    if (lost) showNotice('Redis is back. Some of what was said on other processes is lost.');
    else if (!alone && since === undefined)
      showNotice('Redis is back. What was said on other processes before is not shown.');
    // now it can be told where we are in the talk
    if (!alone && (behind || since === undefined)) join();
  },
};

/** Returns whether the message is ours. */
function hear(said) {
  const mine = said.nickname === nickname;
  const at = mine ? unheard.findIndex(({ text }) => text === said.text) : -1;
  if (at !== -1) unheard.splice(at, 1);
  return mine;
}

function showRedis(alone) {
  showLink(alone ? 'alone' : 'open', alone ? ALONE : undefined);
}

function enter(room) {
  link?.close();
  clearTimeout(retry);
  asked.clear();
  unheard = [];
  forgetMessages();
  behind = false;
  isLost = false;
  latest = undefined;
  memory = new Memory(room);
  since = memory.since;
  nickname ??= memory.nickname;
  showRoom(room);
  showPlace(undefined);
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  link = new Link(`${scheme}//${location.host}/chat/${encodeURIComponent(room)}`, { onState, onMessage });
}

function onState(state) {
  showLink(state);
  if (state === 'open' && nickname !== undefined) join();
  if (state !== 'lost') return;
  isLost = true;
  clearTimeout(retry);
  asked.clear();
  stopTalk();
  showPlace(undefined);
}

function onMessage({ event, data, error, id, offset }) {
  if (id === undefined) return events[event]?.(data, offset);
  const answered = asked.get(id);
  asked.delete(id);
  if (error !== undefined) answered?.refused(error);
  else answered?.done?.(data);
}

/** Returns whether it could be sent. `done` gets the data of the answer, `refused` its error. */
function ask(event, data, { done, refused }) {
  const id = ++lastId;
  if (!link.send({ event, data, id })) return false;
  asked.set(id, { done, refused });
  return true;
}

function join() {
  clearTimeout(retry);
  ask('chat.join', { nickname, since }, { done: onJoined, refused: onRefused });
}

function onJoined(joined) {
  const back = isLost && isTalking();
  isLost = false;
  ({ nickname, worker } = joined);
  link.settle();
  remember(nickname);
  showTalk();
  showPlace(joined);
  showRedis(joined.alone);
  showPeople(joined.members, nickname);
  if (back)
    showNotice(joined.behind ? 'You are back. What was said meanwhile comes when Redis is back.' : 'You are back.');
  else scrollToEnd();
  behind = joined.behind;
  if (behind) {
    retry = setTimeout(join, RETRY_MS);
    return;
  }
  const { offset } = joined;
  since = latest === undefined || (offset !== undefined && !isAfter(latest, offset)) ? offset : latest;
  memory.joined(nickname, offset);
  // had the server taken them, they would have come before the answer
  for (const { text } of unheard.splice(0).reverse()) returnText(text);
}

function onRefused({ code, message, details }) {
  if (code === 'history_lost' && since !== undefined) {
    showNotice('Some of what was said is not kept any more.');
    since = undefined;
    latest = undefined;
    behind = false;
    memory.forget();
    join();
    return;
  }
  if (code === 'unavailable' || code === 'rate_limited') {
    retry = setTimeout(join, RETRY_MS);
  } else {
    nickname = undefined;
    showJoin();
  }
  showError(wordsOf(message, details));
}

/** Shows the server's complaint about the input. */
function wordsOf(message, details) {
  const [issue] = Array.isArray(details) ? details : [];
  return Object.values(issue?.constraints ?? {})[0] ?? message;
}

function say(text) {
  const entry = { text };
  const isSent = ask('chat.say', entry, {
    refused({ message, details }) {
      const at = unheard.indexOf(entry);
      if (at !== -1) returnText(unheard.splice(at, 1)[0].text);
      showError(wordsOf(message, details));
    },
  });
  if (isSent) unheard.push(entry);
  return isSent;
}

openFrame({
  join(chosen) {
    nickname = chosen;
    join();
  },
  say,
  enter,
  /** The form of names that the server accepts. */
  tidyRoom(name) {
    const tidy = name.normalize('NFKC').toLowerCase().replace(/\s+/g, '-');
    return /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u.test(tidy) ? tidy : undefined;
  },
});
