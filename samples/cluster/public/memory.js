const ITEM = 'portal-cluster-talk';

/** So many messages are shown again when the page is loaded anew. */
const MAX_OFFSETS = 50;

/** The tab's memory of a talk for a reload: our nickname, and the offset after which messages were shown. */
export class Memory {
  #room;
  #nickname;
  #offsets = [];

  constructor(room) {
    this.#room = room;
    const { room: kept, nickname, offsets } = read();
    if (kept !== room) return;
    this.#nickname = nickname;
    this.#offsets = offsets;
  }

  get nickname() {
    return this.#nickname;
  }

  /** Messages after this offset were shown. */
  get since() {
    return this.#offsets[0];
  }

  joined(nickname, offset) {
    this.#nickname = nickname;
    if (offset !== undefined && this.#offsets.length === 0) this.#offsets.push(offset);
    this.#write();
  }

  had(offset) {
    if (this.#offsets.includes(offset)) return;
    this.#offsets.push(offset);
    while (this.#offsets.length > MAX_OFFSETS) this.#offsets.shift();
    this.#write();
  }

  forget() {
    this.#offsets = [];
  }

  #write() {
    if (this.#nickname === undefined) return;
    try {
      const kept = { room: this.#room, nickname: this.#nickname, offsets: this.#offsets };
      sessionStorage.setItem(ITEM, JSON.stringify(kept));
    } catch {
      // storage is not available
    }
  }
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(ITEM)) ?? {};
  } catch {
    return {};
  }
}
