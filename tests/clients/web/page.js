// What a case asks of the page: one request, one turn read to its end, or one that is left in the middle.
//
// Rule: an answer is plain data, failures too, and always comes: what takes longer than LIMIT is given up.
// Neighbours: `clients.js` (the clients), ../tab.py (asks).

import { CLIENTS } from "./clients.js";

const LIMIT = 20_000; // ms

async function ask({ url, ...init }) {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(LIMIT) });
    const text = await response.text();
    return { status: response.status, text, request_id: response.headers.get("X-Request-ID") };
  } catch (error) {
    return { failed: error.name };
  }
}

async function read(client, { url, ...init }) {
  const events = [];
  try {
    await CLIENTS[client](url, { ...init, signal: AbortSignal.timeout(LIMIT) }, (event) => events.push(event));
    return { events };
  } catch (error) {
    return { events, failed: String(error) };
  }
}

// Reads until `count` events have come, asks `meanwhile` and has its answer while the stream is open, and aborts.
async function leave(client, { url, ...init }, count, meanwhile) {
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(LIMIT)]);
  const diary = [];
  const take = async (event) => {
    diary.push(event.type);
    if (diary.length !== count) return;
    diary.push(`/health: ${(await ask({ url: meanwhile })).status}`);
    controller.abort();
  };
  try {
    await CLIENTS[client](url, { ...init, signal }, take);
  } catch (error) {
    if (!controller.signal.aborted) diary.push(String(error));
  }
  return [...diary, controller.signal.aborted ? "aborted" : "finished"];
}

window.kit = { ask, read, leave };
