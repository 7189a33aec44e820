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
import { showMembers, showMessage, showNotice, showPresence } from './view.js';

let link;
/** Our nickname; undefined before the user has joined. */
let nickname;
/** The secret that proves our identity after a lost connection. */
let key;
/** Messages that were sent and have not come back yet. */
let unheard = [];

const handlers = {
  welcome({ members, ...mine }) {
    const back = isTalking();
    ({ key, nickname } = mine);
    link.settle();
    remember(nickname);
    showTalk();
    showMembers(members, nickname);
    if (back) showNotice('You are back. What was said meanwhile is not shown.');
  },
  joined(event) {
    showMembers(event.members, nickname);
    showPresence(event, 'joined');
  },
  left(event) {
    showMembers(event.members, nickname);
    showPresence(event, 'left');
  },
  said(message) {
    const mine = message.nickname === nickname;
    if (mine) unheard.shift();
    showMessage(message, mine);
  },
  error({ code, message }) {
    if (code === 'already_joined') return;
    if (code.startsWith('text_')) returnText(unheard.shift());
    if (code.startsWith('nickname_') || code.startsWith('room_')) {
      nickname = undefined;
      key = undefined;
      showJoin();
    }
    showError(message);
  },
};

function enter(room) {
  link?.close();
  key = undefined;
  unheard = [];
  showRoom(room);
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  link = new Link(`${scheme}//${location.host}/chat/${encodeURIComponent(room)}`, {
    onState(state) {
      showLink(state);
      if (state === 'open' && nickname !== undefined) join();
      if (state === 'lost') {
        stopTalk();
        for (const text of unheard.splice(0).reverse()) returnText(text);
      }
    },
    onMessage: (message) => handlers[message.type]?.(message),
  });
}

function join() {
  link.send({ type: 'join', nickname, key });
}

openFrame({
  join(chosen) {
    nickname = chosen;
    join();
  },
  say(text) {
    const isSent = link.send({ type: 'say', text });
    if (isSent) unheard.push(text);
    return isSent;
  },
  enter,
  /** Undefined for a name that no URL can have, such as `..`. */
  tidyRoom: (name) => (/^\.{0,2}$/.test(name) ? undefined : name),
});
