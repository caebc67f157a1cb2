import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { CommChannel, fromBase64, PROBE, toBase64 } from "../../../adk_nb/static/link/comm-channel.js";

/** A channel whose kernel a test plays. */
function opened(t, { binary = true, threaded = true, back = PROBE, open = true, page = undefined } = {}) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const sent = [];
  let hears = null;
  const held = [];
  const port = {
    send: (content, buffers) => sent.push([content, buffers]),
    listen: (callback) => ((hears = callback), () => (hears = null)),
  };
  const channel = new CommChannel(port, (what) => held.push(what), page);
  const seen = { opened: 0, data: [], closed: [] };
  channel.onopen = () => (seen.opened += 1);
  channel.onmessage = ({ data }) => seen.data.push(data);
  channel.onclose = ({ code }) => seen.closed.push(code);
  t.after(() => {
    channel.close();
    mock.timers.reset();
  });
  const [first] = sent;
  const says = (step, more = {}, buffers = []) => hears?.({ type: "comm", channel: channel.id, step, ...more }, buffers);
  const greet = () => says("opened", { binary, threaded, ipykernel: "6.29.0" }, back ? [new DataView(back.slice().buffer)] : []);
  if (open) {
    greet();
    sent.splice(0);
  }
  return { channel, seen, sent, says, greet, first, held, listens: () => hears !== null };
}
const bytes = (...values) => Uint8Array.from(values).buffer;

test("it opens with a probe of every byte, and tells whether the kernel's came back whole", (t) => {
  for (const [back, whole] of [[PROBE, true], [null, false], [PROBE.slice(1), false], [PROBE.map((byte) => byte & 127), false]]) {
    const { seen, sent, first, greet, channel } = opened(t, { back, open: false });
    assert.deepEqual([first[0], [...new Uint8Array(first[1][0])]], [{ type: "comm", channel: channel.id, step: "open", version: "adk-nb.v1" }, [...PROBE]]);
    channel.send("early");
    assert.deepEqual([seen.opened, sent.length], [0, 1]);
    greet();
    greet();
    assert.deepEqual([seen.opened, sent[1][0].step, sent[1][0].binary, sent.length], [1, "ready", whole, 2]);
    mock.timers.reset();
  }
});

test("the kernel is told that the page goes, and a page that stays after all is told that it went", (t) => {
  const page = new EventTarget();
  const { channel, seen, sent, says } = opened(t, { page });
  page.dispatchEvent(new Event("pagehide"));
  assert.deepEqual(sent.map(([content]) => [content.step, content.code]), [["close", 1000]]);
  assert.equal(channel.state, "open");
  says("close", { code: 1001 });
  page.dispatchEvent(new Event("pagehide"));
  assert.deepEqual([seen.closed, sent.length], [[1001], 1]);
});

test("a front end that sends nothing for it any more is a channel that is closed", async (t) => {
  for (const open of [true, false]) {
    const { channel, seen, greet } = opened(t, { open });
    channel.port.send = () => { throw new Error("Cannot send"); };
    if (open) channel.send("a");
    else greet();
    await Promise.resolve();
    assert.deepEqual([seen.closed, channel.state], [[1006], "closed"]);
    channel.close();
    await Promise.resolve();
    assert.deepEqual(seen.closed, [1006]);
    mock.timers.reset();
  }
});

test("frames go as they are, text and bytes: at once, then together each 40 ms", (t) => {
  const { channel, sent } = opened(t);
  channel.send("one");
  const rest = ["a", bytes(4), "b", bytes(5, 6)];
  for (const data of rest) channel.send(data);
  assert.deepEqual([sent.length, channel.bufferedAmount], [1, 3 + 5]);
  mock.timers.tick(39);
  assert.equal(sent.length, 1);
  mock.timers.tick(1);
  channel.send("c");
  mock.timers.tick(40);
  mock.timers.tick(60);
  channel.send("d");
  assert.deepEqual(sent.map(([{ n, frames }, buffers]) => [n, frames, buffers.map((buffer) => [...new Uint8Array(buffer)])]), [
    [0, ["one"], []], [1, ["a", 0, "b", 1], [[4], [5, 6]]], [2, ["c"], []], [3, ["d"], []],
  ]);
});

test("what the kernel has taken, up to a batch, waits no more; 16 batches may be on their way", (t) => {
  const { channel, sent, says } = opened(t);
  for (let n = 0; n < 20; n++) {
    channel.send("xx");
    mock.timers.tick(40);
  }
  assert.deepEqual([sent.length, channel.bufferedAmount], [16, 40]);
  says("taken", { taken: 9 });
  assert.deepEqual([sent.length, sent[16][0].frames, channel.bufferedAmount], [17, ["xx", "xx", "xx", "xx"], 20]);
  says("frames", { n: 0, frames: [], taken: 16 });
  assert.equal(channel.bufferedAmount, 0);
});

test("a batch has a bound", (t) => {
  const { channel, sent } = opened(t);
  channel.send("first");
  for (let n = 0; n < 5; n++) channel.send(new ArrayBuffer(30 * 1024));
  mock.timers.tick(40);
  assert.deepEqual(sent.map(([{ frames }]) => frames), [["first"], [0, 1, 2], [0, 1]]);
});

test("where buffers are lost, bytes go as Base64, both ways", (t) => {
  const { channel, sent, says, seen } = opened(t, { binary: false, back: null });
  const sound = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251).buffer;
  channel.send(sound);
  const [{ frames }, buffers] = sent[0];
  assert.deepEqual([buffers, Buffer.from(frames[0].base64, "base64").equals(Buffer.from(sound))], [[], true]);
  says("frames", { n: 0, frames: [{ base64: toBase64(bytes(0, 255, 128)) }] });
  assert.deepEqual([...new Uint8Array(seen.data[0])], [0, 255, 128]);
  assert.deepEqual(fromBase64(toBase64(sound)), sound);
});

test("what the kernel sends comes in its order, whole, and is acknowledged", (t) => {
  const { says, seen, sent } = opened(t);
  const inside = new Uint8Array([9, 9, 1, 2, 9]);
  says("frames", { n: 7, frames: ["one", 0, { part: "tw" }] }, [new DataView(inside.buffer, 2, 2)]);
  says("frames", { n: 8, frames: ["o", 0] }, [bytes(3)]);
  assert.deepEqual(seen.data.map((data) => (typeof data === "string" ? data : [...new Uint8Array(data)])), ["one", [1, 2], "two", [3]]);
  assert.deepEqual(sent, []);
  mock.timers.tick(100);
  assert.deepEqual(sent.map(([{ step, taken }]) => [step, taken]), [["taken", 8]]);
});

test("that a batch came is told with the next frames", (t) => {
  const { says, sent, channel } = opened(t);
  says("frames", { n: 3, frames: ["one"] });
  channel.send("two");
  mock.timers.tick(1000);
  channel.send("three");
  assert.deepEqual(sent.map(([{ step, taken }]) => [step, taken]), [["frames", 3], ["frames", undefined]]);
});

test("the messages of other channels are not its own", (t) => {
  const { says, seen } = opened(t);
  says("frames", { channel: "another", n: 0, frames: ["x"] });
  says("frames", { type: "connect", n: 0, frames: ["x"] });
  assert.deepEqual(seen.data, []);
});

test("a kernel that closes it says why; a page that does says so once", (t) => {
  const first = opened(t);
  first.says("close", { code: 4000 });
  assert.deepEqual([first.seen.closed, first.listens()], [[4000], false]);
  first.channel.send("more");
  first.channel.close();
  assert.deepEqual(first.sent, []);
  mock.timers.reset();
  const second = opened(t);
  second.channel.close(1000);
  second.channel.close(1000);
  assert.deepEqual([second.sent.map(([{ step, code }]) => [step, code]), second.seen.closed, second.listens()], [[["close", 1000]], [], false]);
});

test("what closes it as it hears a frame hears no other", (t) => {
  const { says, channel, seen } = opened(t);
  channel.onmessage = ({ data }) => (seen.data.push(data), channel.close());
  says("frames", { n: 0, frames: ["one", "two"] });
  assert.deepEqual(seen.data, ["one"]);
});

test("a kernel without subshells that takes nothing for 1.5 s is said to be held, until it takes something", (t) => {
  for (const threaded of [true, false]) {
    const { channel, says, held } = opened(t, { threaded });
    channel.send("one");
    mock.timers.tick(1499);
    assert.deepEqual(held, []);
    mock.timers.tick(1);
    assert.deepEqual(held, threaded ? [] : [{ ipykernel: "6.29.0" }]);
    says("taken", { taken: 0 });
    assert.deepEqual(held, threaded ? [] : [{ ipykernel: "6.29.0" }, null]);
    mock.timers.tick(10_000);
    assert.equal(held.length, threaded ? 0 : 2);
    mock.timers.reset();
  }
});

test("a kernel that is held again is said to be again, each time once", (t) => {
  const { channel, says, held } = opened(t, { threaded: false });
  for (let n = 0; n < 2; n++) {
    channel.send("one");
    mock.timers.tick(1540);
    says("taken", { taken: n });
    says("taken", { taken: n });
    mock.timers.tick(10_000);
  }
  assert.deepEqual(held, [{ ipykernel: "6.29.0" }, null, { ipykernel: "6.29.0" }, null]);
});

test("a kernel that takes some of what is on its way has time for the rest", (t) => {
  const { channel, says, held } = opened(t, { threaded: false });
  channel.send("one");
  mock.timers.tick(1000);
  channel.send("two");
  mock.timers.tick(400);
  says("taken", { taken: 0 });
  mock.timers.tick(1499);
  assert.deepEqual(held, []);
  mock.timers.tick(1);
  assert.equal(held.length, 1);
  channel.close();
  assert.equal(held.at(-1), null);
  channel.close();
  assert.equal(held.length, 2);
});

test("the channels of one page are told apart", (t) => {
  const one = opened(t).channel.id;
  mock.timers.reset();
  const other = opened(t).channel.id;
  assert.match(one, /^[a-z0-9]+$/);
  assert.notEqual(one, other);
});

test("a frame whose buffer a front end has lost is empty, and the next ones are heard", (t) => {
  const { seen, says } = opened(t);
  says("frames", { n: 0, frames: [0, "on"] }, []);
  assert.deepEqual([seen.data[0].byteLength, seen.data[1]], [0, "on"]);
});

test("a batch that does not tell what came leaves what is on its way", (t) => {
  const { channel, says } = opened(t);
  channel.send("four");
  says("frames", { n: 0, frames: [] });
  assert.equal(channel.bufferedAmount, 4);
  says("frames", { n: 1, frames: [], taken: 0 });
  assert.equal(channel.bufferedAmount, 0);
});
