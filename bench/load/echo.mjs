/**
 * Keeps `window` connections at work for `durationMs`: each sends the next `inFlight` messages in one packet, and again when
 * the last of the answers is there. With `spread` the next packet goes to the next of all connections in turn,
 * else to the same one. Resolves with the number of messages answered.
 */
export function runEcho(clients, { durationMs, requests, replyUnits, inFlight, window, spread }) {
  const packets = makePackets(requests, inFlight);
  const packetReply = replyUnits * inFlight;
  const due = new Int32Array(clients.length);
  const turns = new Int32Array(clients.length);
  const deadline = performance.now() + durationMs;
  let answered = 0;
  let working = 0;
  let cursor = 0;

  return new Promise((resolve) => {
    const send = (index) => {
      due[index] = packetReply;
      working++;
      clients[index].write(packets[turns[index]++ % packets.length]);
    };
    const nextIdle = () => {
      do cursor = (cursor + 1) % clients.length;
      while (due[cursor] !== 0);
      return cursor;
    };
    clients.forEach((client, index) => {
      client.onReply = (units) => {
        due[index] -= units;
        if (due[index] > 0) return;
        if (due[index] < 0) throw new Error(`${-due[index]} more came back than was due`);
        answered += inFlight;
        working--;
        if (performance.now() < deadline) send(spread ? nextIdle() : index);
        else if (working === 0) resolve(answered);
      };
    });
    for (let index = 0; index < window; index++) send(index);
    cursor = window - 1;
  });
}

/** All requests in turn, `inFlight` to a packet. */
function makePackets(requests, inFlight) {
  const request = (number) => requests[number % requests.length];
  return Array.from({ length: Math.ceil(requests.length / inFlight) }, (_, packet) =>
    Buffer.concat(Array.from({ length: inFlight }, (_, i) => request(packet * inFlight + i))),
  );
}
