/**
 * For `durationMs`, the first connection sends `together` messages in one packet, and again when every connection has
 * received all of them. Resolves with the number of deliveries.
 */
export function runBroadcast(clients, { durationMs, requests: [request], replyUnits, together }) {
  const packet = Buffer.concat(Array(together).fill(request));
  const packetReply = replyUnits * together * clients.length;
  const deadline = performance.now() + durationMs;
  let deliveries = 0;
  let due = 0;

  return new Promise((resolve) => {
    const publish = () => {
      due = packetReply;
      clients[0].write(packet);
    };
    const onReply = (units) => {
      due -= units;
      if (due > 0) return;
      if (due < 0) throw new Error(`${-due} more came back than was due`);
      deliveries += together * clients.length;
      if (performance.now() < deadline) publish();
      else resolve(deliveries);
    };
    for (const client of clients) client.onReply = onReply;
    publish();
  });
}
