// The clients that run in a page, each as its own documentation has it used.
//
// Rule: a client is `(url, init, take) => Promise`: it calls `take` for every event of one turn, as an object, when it
// reads it; it resolves at the end of the stream and rejects when the turn is refused or cannot be read.
// Neighbours: `page.js` (runs them), ../clients.py (the same names).

import { fetchEventSource } from "@microsoft/fetch-event-source";
import { createParser } from "eventsource-parser";
import { EventSourceParserStream } from "eventsource-parser/stream";

async function open(url, init) {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`refused: ${response.status}`);
  return response;
}

// The simplest there is: no line is kept from one read to the next, no character either.
async function browserLoop(url, init, take) {
  const response = await open(url, init);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    for (const line of decoder.decode(read.value).split("\n")) {
      if (line.startsWith("data: ")) take(JSON.parse(line.slice("data: ".length)));
    }
  }
}

async function parser(url, init, take) {
  const response = await open(url, init);
  const { feed } = createParser({
    onEvent: (message) => take(JSON.parse(message.data)),
    onError: (error) => {
      throw error;
    },
  });
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) feed(text);
}

async function parserStream(url, init, take) {
  const response = await open(url, init);
  const messages = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onError: "terminate" }));
  for await (const message of messages) take(JSON.parse(message.data));
}

function fetchEvents(url, init, take) {
  return fetchEventSource(url, {
    ...init,
    openWhenHidden: true, // else a tab that is hidden and shown again sends the turn again
    onmessage: (message) => {
      if (message.data) take(JSON.parse(message.data)); // a comment is an empty message to it
    },
    onerror: (error) => {
      throw error; // else it sends the turn again, every second, for as long as it is refused
    },
  });
}

export const CLIENTS = {
  "browser-loop": browserLoop,
  "eventsource-parser": parser,
  "eventsource-parser-stream": parserStream,
  "fetch-event-source": fetchEvents,
};
