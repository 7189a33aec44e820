const MAX_SHOWN = 500;
const GROUP_MS = 5 * 60_000;
/** Closer to the end than this, the list follows new messages. */
const NEAR_END_PX = 80;

const messages = document.getElementById('messages');
const members = document.getElementById('members');
const newer = document.getElementById('newer');

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** All text is set by `textContent`, so that it never becomes markup. */
export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function avatar(nickname) {
  const made = element('span', 'avatar', firstLetter(nickname));
  made.ariaHidden = 'true';
  made.style.setProperty('--hue', hue(nickname));
  return made;
}

function firstLetter(nickname) {
  const [first] = new Intl.Segmenter().segment(nickname);
  return first.segment.toUpperCase();
}

function hue(nickname) {
  let hash = 7;
  for (const letter of nickname.toLowerCase()) hash = (hash * 31 + letter.codePointAt(0)) % 3600;
  return (hash * 137) % 360;
}

function timestamp(time) {
  const made = element('time', '', clock.format(new Date(time)));
  made.dateTime = time;
  made.title = calendar.format(new Date(time));
  return made;
}

function append(item, follow) {
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < NEAR_END_PX;
  messages.append(item);
  while (messages.children.length > MAX_SHOWN) messages.firstChild.remove();
  if (atEnd || follow) scrollToEnd();
  else if (item.classList.contains('message')) newer.hidden = false;
}

export function scrollToEnd() {
  messages.scrollTop = messages.scrollHeight;
  newer.hidden = true;
}

/** `notes`: elements beside its time. Returns its element. */
export function showMessage({ nickname, text, time }, mine, ...notes) {
  const previous = messages.lastElementChild;
  const follows =
    previous?.dataset.nickname === nickname && Date.parse(time) - Date.parse(previous.dataset.time) < GROUP_MS;
  const item = element('li', `message${mine ? ' mine' : ''}${follows ? ' follows' : ''}`);
  item.dataset.nickname = nickname;
  item.dataset.time = time;
  const bubble = element('div', 'bubble');
  const who = element('p', follows || mine ? 'visually-hidden' : 'who');
  who.style.setProperty('--hue', hue(nickname));
  who.append(element('bdi', '', mine ? 'You' : nickname));
  const words = element('p', 'text', text);
  words.dir = 'auto';
  const line = element('div', 'line');
  const end = element('span', 'end');
  end.append(...notes, timestamp(time));
  line.append(words, end);
  bubble.append(who, line);
  item.append(avatar(nickname), bubble);
  append(item, mine);
  return item;
}

/** `what`: 'joined' or 'left'. */
export function showPresence({ nickname, time }, what) {
  const item = element('li', 'notice');
  item.append(element('bdi', '', nickname), ` ${what} · `, timestamp(time));
  append(item, false);
}

export function showNotice(text) {
  append(element('li', 'notice', text), false);
}

export function showMembers(nicknames, me) {
  const sorted = nicknames.toSorted((a, b) => Number(b === me) - Number(a === me) || a.localeCompare(b));
  members.replaceChildren(
    ...sorted.map((nickname) => {
      const item = element('li');
      item.append(avatar(nickname), element('bdi', '', nickname));
      if (nickname === me) item.append(element('span', 'tag', 'you'));
      return item;
    }),
  );
  document.getElementById('people-count').textContent = nicknames.length;
}

export function clearMessages() {
  messages.replaceChildren();
  newer.hidden = true;
}

newer.addEventListener('click', scrollToEnd);
messages.addEventListener('scroll', () => {
  if (messages.scrollHeight - messages.scrollTop - messages.clientHeight < NEAR_END_PX) newer.hidden = true;
});
// a phone's keyboard, or a growing composer, takes room away from the end of the list
new ResizeObserver(([entry]) => {
  const before = Number(messages.dataset.height ?? 0);
  const height = entry.contentRect.height;
  messages.dataset.height = height;
  const hidden = messages.scrollHeight - messages.scrollTop - messages.clientHeight;
  if (height < before && hidden - (before - height) < NEAR_END_PX) scrollToEnd();
}).observe(messages);
